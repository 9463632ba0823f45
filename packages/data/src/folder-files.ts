import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { byCodeUnit, isHidden } from "./image-names.js";

/** A file below a folder. */
export interface FolderFile {
  /** Relative path, with `/`. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** Files asked for their size at once. */
const STAT_BATCH = 64;

/** All files below a folder that are not hidden, sorted by name; links are followed, loops of links are not. */
export async function listFiles(folder: string): Promise<FolderFile[]> {
  const names: string[] = [];
  await walk(folder, "", new Set(), names);
  names.sort(byCodeUnit);
  const files: FolderFile[] = [];
  for (let i = 0; i < names.length; i += STAT_BATCH) {
    const batch = names.slice(i, i + STAT_BATCH);
    const stats = await Promise.all(batch.map((name) => stat(join(folder, name))));
    batch.forEach((name, k) => {
      files.push({ name, size: stats[k]!.size });
    });
  }
  return files;
}

async function walk(folder: string, prefix: string, above: ReadonlySet<string>, into: string[]): Promise<void> {
  const real = await realpath(folder);
  if (above.has(real)) return;
  const inside = new Set(above).add(real);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (isHidden(entry.name)) continue;
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? await stat(path) : entry;
    if (kind.isDirectory()) await walk(path, `${prefix}${entry.name}/`, inside, into);
    else if (kind.isFile()) into.push(prefix + entry.name);
  }
}
