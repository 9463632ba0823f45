import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFileAtomic } from "@simclr/trainer/node";

/**
 * What was measured before with the same inputs, read from `file`; else measures it, and writes it there.
 *
 * @param inputs - Hash of all that decides the value, which must be plain JSON.
 */
export async function remember<T>(file: string, inputs: string, measure: () => Promise<T>): Promise<T> {
  if (existsSync(file)) {
    const known = JSON.parse(await readFile(file, "utf8")) as { readonly inputs: string; readonly value: T };
    if (known.inputs === inputs) return known.value;
  }
  const value = await measure();
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify({ inputs, value })}\n`);
  return value;
}
