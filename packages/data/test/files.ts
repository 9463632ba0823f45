import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll } from "vitest";

export type Color = readonly [red: number, green: number, blue: number];

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "simclr-data-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A one-coloured image; PNG keeps the colour exactly. */
export async function picture(
  [r, g, b]: Color,
  { width = 8, height = 8, format = "png" as "png" | "jpeg" | "webp" | "gif" | "tiff" } = {},
): Promise<Buffer> {
  const image = sharp({ create: { width, height, channels: 3, background: { r, g, b } } });
  return image.toFormat(format, format === "webp" ? { lossless: true } : {}).toBuffer();
}

/** Writes files below `folder`; gives the folder back. */
export function writeTree(folder: string, files: Readonly<Record<string, Buffer | string>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Packs names of `folder` with the system's tar. */
export function packTar(path: string, folder: string, names: readonly string[], ...options: string[]): string {
  execFileSync("tar", [...options, "-cf", path, "-C", folder, ...names]);
  return path;
}

/** The message that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected a rejection");
}
