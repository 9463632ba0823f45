import { type ViewJob, ViewMaker, type ViewOutcome, type ViewSettings } from "./make-views.js";
import { WorkerPool } from "./worker-pool.js";

export interface ViewPoolOptions {
  readonly settings: ViewSettings;
  /** Threads; 0 to work on the calling thread. */
  readonly workers: number;
  /** Batches that may be in work at once. All are handed to the threads, which go on while the calling thread trains. */
  readonly batches: number;
}

/** Makes the views of batches, in worker threads that it owns and starts with the first batch. */
export class ViewPool {
  readonly #options: ViewPoolOptions;
  #pool: WorkerPool<ViewJob, ViewOutcome> | undefined;
  #own: ViewMaker | undefined;

  constructor(options: ViewPoolOptions) {
    this.#options = options;
  }

  /** What all threads together did. The views are in `job.into`, unless the job was cancelled meanwhile. */
  async run(job: ViewJob): Promise<ViewOutcome> {
    const { settings, workers, batches } = this.#options;
    if (workers === 0) {
      this.#own ??= new ViewMaker(settings);
      return this.#own.run(job);
    }
    this.#pool ??= new WorkerPool<ViewJob, ViewOutcome>({
      file: "./view-worker.js",
      threads: workers,
      tasksPerThread: batches,
      workerData: settings,
      where: "createLoader",
    });
    const pool = this.#pool;
    const parts = Array.from({ length: Math.min(workers, job.indices.length) }, () => pool.run(job));
    return sum(await Promise.all(parts));
  }

  async close(): Promise<void> {
    this.#own?.close();
    await this.#pool?.close();
    this.#pool = undefined;
    this.#own = undefined;
  }
}

/** Leaves the images that no thread has taken yet. */
export function cancel({ taken, indices }: ViewJob): void {
  Atomics.store(taken, 0, indices.length);
}

function sum(outcomes: readonly ViewOutcome[]): ViewOutcome {
  const add = (value: (outcome: ViewOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + value(outcome), 0);
  return {
    broken: outcomes.flatMap(({ broken }) => broken).sort((a, b) => a.place - b.place),
    images: add(({ images }) => images),
    readMs: add(({ readMs }) => readMs),
    decodeMs: add(({ decodeMs }) => decodeMs),
    cropMs: add(({ cropMs }) => cropMs),
  };
}
