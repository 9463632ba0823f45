import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Writes files so that each appears whole or not at all, and none before all are on the disk: beside their places, flushed,
 * then renamed. Missing folders are made; an older file stays until the new one is there.
 *
 * @param files - Consecutive pieces of each file, by path.
 * @throws the error of the file system; nothing is left behind.
 */
export async function writeFilesAtomic(files: Readonly<Record<string, readonly Uint8Array[]>>): Promise<void> {
  const renames: [temporary: string, path: string][] = [];
  try {
    for (const [path, pieces] of Object.entries(files)) {
      await mkdir(dirname(path), { recursive: true });
      const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
      renames.push([temporary, path]);
      const handle = await open(temporary, "wx");
      try {
        for (const piece of pieces) await handle.writeFile(piece);
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    for (const [temporary, path] of renames) await rename(temporary, path);
  } catch (error) {
    for (const [temporary] of renames) await rm(temporary, { force: true });
    throw error;
  }
}
