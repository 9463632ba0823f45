import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Size and SHA-256 (hex) of a file. */
export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** `.<name>.<process id>.<count>.tmp`: what is being written, or being removed. */
const TEMPORARY = /^\..*\.(\d+)\.\d+\.tmp$/;

/** Suffix of a folder that is being replaced by a newer one of its name. */
const OLD = ".old";

/** Temporary folders that this process is writing now. */
const writing = new Set<string>();

let count = 0;

/** A name beside `path` for a folder that nobody reads. */
function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${count++}.tmp`);
}

/** Writes a new file and waits until the disk has it. */
export async function writeDurable(path: string, pieces: readonly Uint8Array[]): Promise<FileDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(path, "wx");
  try {
    for (const piece of pieces) {
      hash.update(piece);
      bytes += piece.length;
      await file.writeFile(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Waits until the disk has the names in a folder. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there, and renames are journalled
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Fills a new folder and gives it its name only when the disk has all of it, so that a reader finds the old folder or
 * the new one, never a part, even if the machine stops at any instant. A folder of that name is first renamed to
 * `<name>.old`, and removed at the end.
 */
export async function writeFolder(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const parent = dirname(path);
  await mkdir(parent, { recursive: true });
  await removeLeftovers(parent);
  const temporary = temporaryName(path);
  writing.add(temporary);
  try {
    await mkdir(temporary);
    await fill(temporary);
    await syncFolder(temporary);
    await moveAside(path);
    await rename(temporary, path);
    await syncFolder(parent);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  } finally {
    writing.delete(temporary);
  }
  await removeFolder(path + OLD);
}

/** Removes a folder so that at no instant a part of it has its name. */
export async function removeFolder(path: string): Promise<void> {
  if (!(await exists(path))) return;
  const temporary = temporaryName(path);
  await rename(path, temporary);
  await rm(temporary, { recursive: true, force: true });
}

/** Keeps a folder that is about to be replaced; only one that is whole has its name, so an older copy can go. */
async function moveAside(path: string): Promise<void> {
  if (!(await exists(path))) return;
  await removeFolder(path + OLD);
  await rename(path, path + OLD);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}

/** Removes what processes that are no more have left behind; in a container the last one may have had this one's id. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = TEMPORARY.exec(name)?.[1];
    const path = join(folder, name);
    if (pid === undefined || writing.has(path)) continue;
    if (Number(pid) === process.pid || !isRunning(Number(pid))) await rm(path, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
