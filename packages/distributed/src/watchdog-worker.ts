// The thread of watchdog.ts.
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

interface Watched {
  /** How often the process has beaten. */
  readonly beats: Int32Array;
  /** Milliseconds until the next beat at most; infinite while nobody watches. */
  readonly limit: Float64Array;
  readonly everyMs: number;
}

/** What a launcher takes to read the message: it may leave it unread once the process is gone. */
const UNTIL_READ_MS = 200;
const never = new Int32Array(new SharedArrayBuffer(4));
const { beats, limit, everyMs } = workerData as Watched;
let last = Atomics.load(beats, 0);
let since = performance.now();

setInterval(() => {
  const now = Atomics.load(beats, 0);
  if (now !== last) [last, since] = [now, performance.now()];
  const limitMs = limit[0]!;
  if (performance.now() - since <= limitMs) return;
  const message = `watchdog: process ${process.pid} has not gone on for ${limitMs} ms (after ${last} beats) and is killed\n`;
  writeSync(2, message);
  Atomics.wait(never, 0, 0, UNTIL_READ_MS);
  process.kill(process.pid, "SIGKILL");
}, everyMs);
