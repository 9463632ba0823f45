import type { Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@simclr/core";
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
    const stats = await Promise.all(batch.map((name) => statPath(join(folder, name))));
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
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  for (const entry of entries) {
    if (isHidden(entry.name)) continue;
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? await statPath(path) : entry;
    if (kind.isDirectory()) await walk(path, `${prefix}${entry.name}/`, inside, into);
    else if (kind.isFile()) into.push(prefix + entry.name);
  }
}

async function statPath(path: string): Promise<Stats> {
  return stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

/** The error for a path that is listed but cannot be read: a link to nowhere, a folder without permission. */
export function unreadable(path: string, cause: unknown): DataError {
  return new DataError(
    `Cannot read ${path}: ${(cause as Error).message}. Correct its permissions or its link, or remove it.`,
    {
      subject: path,
      cause,
    },
  );
}
