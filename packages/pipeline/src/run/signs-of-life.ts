import { open, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";

/** After so many signs that did not come a process counts as dead. */
const MISSED = 6;

/** Writes a lock's file again and again, until `stop`. */
export interface SignsOfLife {
  stop(): void;
}

/**
 * Writes a lock's file anew every `seconds`, with the same content, so that other hosts, which cannot see this process, see by
 * the file's time that it lives. A thread does so, since a step may block the process for minutes. A process that stood still for
 * so long that another host took its lock is killed (SIGKILL) at its next sign, so that two never write into one folder.
 *
 * @param text - What the file holds as long as the lock is this process's.
 */
export function signsOfLife(file: string, text: string, seconds: number): SignsOfLife {
  const stopped = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { file, text, everyMs: 1000 * seconds, stopped };
  const worker = new Worker(THREAD, { eval: true, execArgv: [], workerData }); // --input-type would be the thread's, too
  worker.unref();
  return {
    stop() {
      Atomics.store(stopped, 0, 1); // at once; the thread ends later
      void worker.terminate();
    },
  };
}

/**
 * Text, so that it runs from the sources and from a bundle alike. The file is written through a descriptor, which stays with this
 * process's own file where another has taken the name; writing lets the file system's clock tell the time, which utimes does
 * not. Errors of the file system are left to the run, which writes there too.
 */
const THREAD = `
const { openSync, readFileSync, writeSync } = require("node:fs");
const { file, text, everyMs, stopped } = require("node:worker_threads").workerData;
let own;
setInterval(() => {
  try {
    const now = readFileSync(file, "utf8");
    if (Atomics.load(stopped, 0) === 1) return;
    if (now === text) {
      own ??= openSync(file, "r+");
      writeSync(own, text, 0);
      return;
    }
  } catch {
    return;
  }
  writeSync(2, "process " + process.pid + " stood still for so long that another took its lock " + file + ": it is killed, so that only one writes there\\n");
  process.kill(process.pid, "SIGKILL");
}, everyMs);
`;

/**
 * Whether a process on another host has fallen silent: its lock's file has not been renewed for six times `seconds`. Waits until
 * either is certain, which takes so long at most. Ages are told by the file system's clock, so that the hosts' need not agree.
 *
 * @param wait - Called once, with the seconds since the last sign, before it waits.
 */
export async function hasFallenSilent(file: string, seconds: number, wait: (silent: number) => void): Promise<boolean> {
  let first: number | undefined;
  for (;;) {
    const times = await timesOf(file);
    if (times === undefined) return false; // released meanwhile
    const silent = (times.now - times.last) / 1000;
    if (silent >= MISSED * seconds) return true;
    if (first === undefined) wait(silent);
    else if (times.last !== first) return false;
    first ??= times.last;
    await sleep(Math.min(1000, 200 * seconds));
  }
}

/** Milliseconds of the file's last change and of now, both by the file system's clock. Opening asks a network file system anew. */
async function timesOf(file: string): Promise<{ readonly last: number; readonly now: number } | undefined> {
  const probe = `${file}.now-${process.pid}`;
  try {
    await writeFile(probe, "now");
    const [now, last] = [await modified(probe), await modified(file)];
    return { last, now };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  } finally {
    await rm(probe, { force: true });
  }
}

async function modified(file: string): Promise<number> {
  const handle = await open(file, "r");
  try {
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
  }
}
