import { DataError } from "@simclr/core";
import { Piscina } from "piscina";

export interface WorkerPoolOptions {
  /** File of the worker, beside this one. */
  readonly file: string;
  readonly threads: number;
  /** Tasks that are handed to a thread before it has finished the first. @defaultValue 1 */
  readonly tasksPerThread?: number;
  /** What every thread is given when it starts. */
  readonly workerData?: unknown;
  /** The function that uses the pool, for messages. */
  readonly where: string;
}

/**
 * Threads that never leave a caller waiting: where one dies, or cannot even start, everything that was asked of the pool is
 * rejected with an error that says so. Workers report what they expect to go wrong as results.
 */
export class WorkerPool<Task, Result> {
  readonly #pool: Piscina<Task, Result>;
  readonly #where: string;
  readonly #waiting = new Set<(error: Error) => void>();
  #closing = false;

  constructor({ file, threads, tasksPerThread = 1, workerData, where }: WorkerPoolOptions) {
    this.#where = where;
    this.#pool = new Piscina<Task, Result>({
      filename: new URL(file, import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: tasksPerThread,
      workerData,
    });
    // Piscina gives up on threads that fail as they start, and would keep the tasks for ever.
    this.#pool.on("error", (error: Error) => this.#fail(error));
    this.#pool.on("workerDestroy", () => {
      setImmediate(() => {
        if (!this.#closing && this.#pool.threads.length === 0) this.#fail(new Error("no thread is left"));
      });
    });
  }

  /** @throws DataError if the thread that works on the task dies; the signal's reason where that is aborted. */
  run(task: Task, signal?: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      this.#pool
        .run(task, signal === undefined ? {} : { signal })
        .then(resolve, (cause) => reject(signal?.aborted === true ? signal.reason : this.#death(cause)))
        .finally(() => this.#waiting.delete(reject));
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#pool.destroy();
  }

  #fail(cause: Error): void {
    const error = this.#death(cause);
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  #death(cause: unknown): DataError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new DataError(
      `${this.#where}: a worker thread died at its work: ${reason}. What it was working on is lost, and nothing else: run the same command again. If it dies again, give it fewer \`workers\` or smaller images if memory is short, and look for the image at fault with "simclr data check".`,
      { subject: "worker", expected: "a living worker thread", received: reason, cause },
    );
  }
}
