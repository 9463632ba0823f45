import { Worker } from "node:worker_threads";
import type {
  ColumnTask,
  DescribeTask,
  Description,
  ImageColumn,
  LabelColumn,
  ParquetReply,
  ParquetTask,
} from "./protocol.js";

/** Most memory that objects of the thread may take, in MiB; the bytes of images are bounded by their row groups. */
const MAX_HEAP_MEGABYTES = 512;

/** A task may take this long, and longer if it unpacks much. */
const BASE_TIMEOUT_MS = 10_000;
const TIMEOUT_MS_PER_MEGABYTE = 500;

interface Job {
  readonly task: ParquetTask;
  readonly timeoutMs: number;
  readonly settle: (reply: ParquetReply) => void;
}

/**
 * The thread that decodes Parquet, one for the whole process. A damaged file can make a decoder run for ever or take any
 * amount of memory: then the thread is ended, its task fails with a reason, and the next task starts another one.
 */
class ParquetThread {
  #worker: Worker | undefined;
  readonly #queue: Job[] = [];
  #running: Job | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param unpackedBytes - What the task unpacks at most. */
  run(task: ParquetTask, unpackedBytes: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#queue.push({
        task,
        timeoutMs: BASE_TIMEOUT_MS + (unpackedBytes / 2 ** 20) * TIMEOUT_MS_PER_MEGABYTE,
        settle: (reply) => ("problem" in reply ? reject(new Error(reply.problem)) : resolve(reply.result)),
      });
      this.#next();
    });
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const job = this.#queue.shift();
    if (job === undefined) {
      this.#worker?.unref(); // an idle thread does not keep the process
      return;
    }
    this.#running = job;
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#timer = setTimeout(
      () =>
        this.#end({ problem: `it was not decoded within ${Math.round(job.timeoutMs / 1000)} s, as if it had no end` }),
      job.timeoutMs,
    );
    this.#worker.postMessage(job.task);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./parquet-worker.js", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES },
    });
    worker.on("message", (reply: ParquetReply) => this.#settle(reply));
    worker.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#worker !== worker) return;
      const problem =
        error.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? `its decoding takes more than ${MAX_HEAP_MEGABYTES} MiB of objects`
          : error.message;
      this.#end({ problem });
    });
    return worker;
  }

  #settle(reply: ParquetReply): void {
    clearTimeout(this.#timer);
    const job = this.#running;
    this.#running = undefined;
    job?.settle(reply);
    this.#next();
  }

  /** Ends the thread, and the task that it was at. */
  #end(reply: ParquetReply): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.terminate().then(
      () => this.#settle(reply),
      () => this.#settle(reply),
    );
  }
}

const thread = new ParquetThread();

/** What a file holds. @throws Error saying what is wrong with it. */
export async function describeParquet(task: Omit<DescribeTask, "kind">): Promise<Description> {
  return (await thread.run({ ...task, kind: "describe" }, 0)) as Description;
}

/** The labels of a row group. */
export async function readLabelColumn(task: Omit<ColumnTask, "kind">): Promise<LabelColumn> {
  return (await thread.run({ ...task, kind: "labels" }, 0)) as LabelColumn;
}

/** The images of a row group. @param unpackedBytes - As its description says. */
export async function readImageColumn(task: Omit<ColumnTask, "kind">, unpackedBytes: number): Promise<ImageColumn> {
  return (await thread.run({ ...task, kind: "images" }, unpackedBytes)) as ImageColumn;
}
