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
  /** Tells that this process goes on. */
  beat(): void;
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
  const worker = new Worker(new URL("./watchdog-worker.js", import.meta.url), { workerData: { beats, limitMs } });
  worker.unref();
  return {
    beat: () => void Atomics.add(beats, 0, 1),
    stop: async () => void (await worker.terminate()),
  };
}
