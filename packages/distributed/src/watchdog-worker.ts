// The thread of watchdog.ts.
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

const { beats, limitMs } = workerData as { beats: Int32Array; limitMs: number };
let last = Atomics.load(beats, 0);
let since = performance.now();

setInterval(
  () => {
    const now = Atomics.load(beats, 0);
    if (now !== last) [last, since] = [now, performance.now()];
    if (performance.now() - since <= limitMs) return;
    const message = `watchdog: process ${process.pid} has not gone on for ${limitMs} ms (after ${last} beats) and is killed\n`;
    writeSync(2, message);
    process.kill(process.pid, "SIGKILL");
  },
  Math.min(200, limitMs / 4),
);
