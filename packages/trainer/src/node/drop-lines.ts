import { open, readFile } from "node:fs/promises";
import { writeFileAtomic } from "./atomic-file.js";

/**
 * Keeps the lines for which `keeps` holds, in one rename, and drops what follows the last newline, which was cut short. A
 * file that needs no change is left alone; there need not be one.
 *
 * @returns The lines that stay, without their newlines.
 */
export async function dropLines(file: string, keeps: (line: string, index: number) => boolean): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const kept = text.split("\n").slice(0, -1).filter(keeps);
  const rest = kept.map((line) => `${line}\n`).join("");
  if (rest !== text) await writeFileAtomic(file, rest);
  return kept;
}

/** Waits until the disk has the file; makes it where there is none. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, "a");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
