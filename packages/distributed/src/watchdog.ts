import { Worker } from "node:worker_threads";
import { checkPositive } from "@simclr/core";

export interface WatchdogOptions {
  /**
   * Longest time between two beats, in milliseconds. Longer than the slowest step, evaluation and checkpoint, and longer than
   * the launcher's keepalive (see the README): a rank that gives up before it makes mpirun wait. @defaultValue 600000
   */
  readonly limitMs?: number;
}

export interface Watchdog {
  /** Tells that this process goes on, and may take `limitMs` until the next beat. @defaultValue the watchdog's own */
  beat(limitMs?: number): void;
  /** Looks away until the next beat. */
  pause(): void;
  /** Ends the watch. */
  stop(): Promise<void>;
}

/**
 * Kills this process (SIGKILL) when it has not beaten for `limitMs`. A rank that waits in MPI for one that hangs cannot watch
 * itself, since it blocks its own event loop; a thread can. The launcher then ends the other ranks.
 *
 * @throws InvalidArgumentError if `limitMs` is not > 0.
 */
export function watchdog({ limitMs = 600_000 }: WatchdogOptions = {}): Watchdog {
  checkPositive("watchdog", { limitMs });
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const limit = new Float64Array(new SharedArrayBuffer(8)).fill(limitMs);
  const workerData = { beats, limit, everyMs: Math.min(200, limitMs / 4) };
  const worker = new Worker(new URL("./watchdog-worker.js", import.meta.url), { workerData });
  worker.unref();
  const beat = (ownLimitMs = limitMs): void => {
    limit[0] = ownLimitMs;
    Atomics.add(beats, 0, 1);
  };
  return {
    beat,
    pause: () => beat(Number.POSITIVE_INFINITY),
    stop: async () => void (await worker.terminate()),
  };
}
