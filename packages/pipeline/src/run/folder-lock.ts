import { readFileSync, unlinkSync } from "node:fs";
import { link, open, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { CheckpointError, ConfigError } from "@simclr/core";
import { hasFallenSilent, signsOfLife } from "./signs-of-life.js";

/** The file in a folder that says who works there. */
export const LOCK = "lock.json";

/** Who works in a folder; what the lock's file holds. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the clock ticks of its host; null where the system does not tell. */
  readonly began: string | null;
  readonly since: string;
  /** How often it renews the file's time. A lock without it is older than signs of life. */
  readonly signSeconds?: number;
}

/** A folder that this process alone writes to. */
export interface FolderLock {
  /** Removes the lock; harmless when called again. */
  release(): void;
}

/**
 * Takes a folder for this process, until `release` or the end of the process. A lock whose process is gone from this host is
 * taken over, and said; so is one of another host that has shown no sign of life for 30 s, which is waited for.
 *
 * @param folder - Exists.
 * @param signSeconds - How often this process shows that it lives.
 * @throws ConfigError naming the process and the host that work in the folder; CheckpointError saying why it cannot be written.
 */
export async function lockFolder(folder: string, say: (text: string) => void, signSeconds = 5): Promise<FolderLock> {
  const file = join(folder, LOCK);
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    began: beginningOf(process.pid),
    since: new Date().toISOString(),
    signSeconds,
  };
  const text = `${JSON.stringify(holder)}\n`;
  while (!(await create(file, text).catch((cause: Error) => unwritable(folder, cause)))) {
    const other = await readHolder(file);
    if (other === undefined) continue; // released in between
    const isHere = other.host === holder.host;
    if (!(isHere ? isGone(other) : await isSilent(folder, file, other, say))) {
      if ((await readHolder(file)) === undefined) continue;
      throw inUse(folder, file, other, isHere);
    }
    if (await putAside(file, other)) {
      const place = isHere ? "" : ` on ${other.host}`;
      say(`process ${other.pid}${place}, which had locked ${folder}, is gone: going on without it`);
    }
  }
  const signs = signsOfLife(file, text, signSeconds);
  const release = (): void => {
    process.off("exit", release);
    signs.stop();
    try {
      if (readFileSync(file, "utf8") === text) unlinkSync(file); // another's, where the folder was moved
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  };
  process.on("exit", release);
  return { release };
}

function unwritable(folder: string, cause: Error): never {
  throw new CheckpointError(
    `${folder} cannot be written: ${cause.message}. Nothing in it was changed. Check free space and permissions, or choose another folder with --output.`,
    { subject: folder, expected: "a folder that can be written", cause },
  );
}

/** False where the file is there. Written whole under another name first, so that no reader sees a part of it. */
async function create(file: string, text: string): Promise<boolean> {
  const own = `${file}.${process.pid}`;
  const handle = await open(own, "w");
  try {
    await handle.writeFile(text);
    await handle.close();
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await handle.close();
    await rm(own, { force: true });
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { pid, host, began, since, signSeconds } = JSON.parse(text) as Holder;
    return { pid, host, began, since, ...(signSeconds !== undefined && { signSeconds }) };
  } catch (cause) {
    throw new CheckpointError(
      `${file} is damaged, so that it does not say which process works in the folder. If none does, remove the file.`,
      { subject: file, cause },
    );
  }
}

/** Moves a stale lock out of the way; false if another process was faster, whose lock then stays. */
async function putAside(file: string, stale: Holder): Promise<boolean> {
  const aside = `${file}.stale-${process.pid}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  const moved = await readHolder(aside);
  const isRight = moved?.since === stale.since && moved.pid === stale.pid;
  if (!isRight) await link(aside, file);
  await rm(aside, { force: true });
  return isRight;
}

/** Whether the process of another host's lock shows no sign of life any more. */
async function isSilent(
  folder: string,
  file: string,
  { pid, host, signSeconds }: Holder,
  say: (text: string) => void,
): Promise<boolean> {
  if (signSeconds === undefined) return false;
  return hasFallenSilent(file, signSeconds, (silent) =>
    say(
      `${folder} is locked by process ${pid} on ${host}, whose last sign of life is ${Math.round(silent)} s old: waiting for its next one`,
    ),
  );
}

/** Whether the process of a lock of this host has ended. */
function isGone({ pid, began }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH"; // EPERM: another user's, alive
  }
  const now = statOf(pid);
  if (now?.state === "Z" || now?.state === "X") return true; // it ended, and nobody has asked how yet
  return began !== null && began !== (now?.began ?? null); // the number was given to another process since
}

const beginningOf = (pid: number): string | null => statOf(pid)?.began ?? null;

/** Fields 3 and 22 of Linux's /proc/<pid>/stat; the name in field 2 may hold spaces. Undefined elsewhere. */
function statOf(pid: number): { readonly state: string; readonly began: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0]!, began: fields[19]! };
  } catch {
    return undefined;
  }
}

function inUse(folder: string, file: string, { pid, host, since }: Holder, isHere: boolean): ConfigError {
  const remedy = isHere
    ? `Wait for it, or end it with \`kill ${pid}\`, which writes a checkpoint; or choose another folder with --output.`
    : `Wait for it, or choose another folder with --output. If it runs no longer, remove ${file}.`;
  return new ConfigError(`${folder} is in use by process ${pid} on ${host}, since ${since}. ${remedy}`, {
    subject: folder,
    expected: "a folder that no other process works in",
    received: `locked by process ${pid} on ${host}`,
  });
}
