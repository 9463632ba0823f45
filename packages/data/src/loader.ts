import { checkInRange, checkInteger, type Dataset, type ImageBatch, InvalidArgumentError } from "@simclr/core";
import { type BatchInWork, BatchMaker } from "./batch-maker.js";
import { BatchOrder } from "./batch-order.js";
import type { SkippedImage } from "./encoded-dataset.js";
import { type LoaderOptions, resolveLoaderOptions } from "./loader-options.js";

/** Where the time went. */
export interface LoaderStats {
  /** Batches given out. */
  readonly batches: number;
  /** Batches prepared, those given out included. */
  readonly prepared: number;
  /** Milliseconds that the consumer waited for batches. */
  readonly waitMs: number;
  /** Milliseconds of reading images, or copying them from memory, summed over threads. */
  readonly readMs: number;
  /** Milliseconds from giving an image to the decoder to its pixels, summed over images; several are decoded at once. */
  readonly decodeMs: number;
  /** Milliseconds of cropping and resizing, summed over threads. */
  readonly cropMs: number;
  /** Broken images that were met and replaced, each once; only with `onBroken: "skip"`. */
  readonly skipped: readonly SkippedImage[];
}

/** Gives out the batches of epochs. */
export interface Loader {
  /** What batches hold. */
  readonly kind: ImageBatch["kind"];
  /** Number of images that an epoch goes through. */
  readonly size: number;
  /** Images in a batch, of this rank's part where there is a `share`. */
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  /** Threads that decode and crop. */
  readonly workers: number;
  /** Where images come from: decoded before, decoded for every batch, or made by the data set's own `read`. */
  readonly source: "cache" | "files" | "dataset";
  /**
   * The batches of one epoch; each is given away.
   *
   * @param epoch - From 0.
   * @param startStep - Go on with this step, as if those before had been taken. @defaultValue 0
   * @throws DataError naming a broken image, or saying that a worker thread died.
   */
  epoch(epoch: number, startStep?: number): AsyncGenerator<ImageBatch, void, undefined>;
  /** Gives a batch back, so that its memory is used again. Neither it nor a view of its arrays may be used afterwards. */
  release(batch: ImageBatch): void;
  stats(): LoaderStats;
  /** Ends the worker threads. The data set stays open. */
  close(): Promise<void>;
}

/**
 * Cuts a data set into batches. What a batch holds depends on the randoms, the epoch and the step alone, never on
 * threads or on what was loaded before.
 *
 * Image `i` of a cropped batch is `cropAndResizeHost` of the box that `sampleCropBox` draws from
 * `cropStream(augmentRandom, pass, index, view)`; `pass` is the epoch, or with `repeat` the number of the permutation, so
 * that an image that comes twice in an epoch is not cropped the same way twice. Each image is decoded once for all its views.
 *
 * At most `prefetch + 1` batches are in work or waiting, however slow the consumer is.
 *
 * @param dataset - Borrowed; cache it with `cacheDecoded` if decoding it again in every epoch costs too much.
 * @throws InvalidArgumentError if the options do not fit together, or not to the data set.
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): Loader {
  const resolved = resolveLoaderOptions(dataset, options);
  const { batchSize, crop, workers, indices, share } = resolved;
  const order = new BatchOrder(resolved);
  const maker = new BatchMaker(dataset, resolved);
  const { stepsPerEpoch } = order;
  const stats = { batches: 0, prepared: 0, waitMs: 0 };
  let closed = false;

  const begin = (epoch: number, step: number): BatchInWork => {
    if (closed)
      throw new InvalidArgumentError("createLoader: the loader is closed. Create another one.", { subject: "loader" });
    const work = maker.begin(order.plan(epoch, step));
    work.batch.then(
      () => stats.prepared++,
      () => {}, // reported when its turn comes
    );
    return work;
  };

  return {
    kind: crop === undefined ? "raw" : "cropped",
    size: indices.length,
    batchSize: batchSize / share.size,
    stepsPerEpoch,
    workers: crop === undefined ? 0 : workers,
    source: maker.source,
    async *epoch(epoch, startStep = 0) {
      checkInteger("Loader.epoch", { epoch });
      checkInteger("Loader.epoch", { startStep });
      checkInRange("Loader.epoch", { startStep }, 0, stepsPerEpoch);
      const pending: BatchInWork[] = [];
      let next = startStep;
      try {
        for (let step = startStep; step < stepsPerEpoch; step++) {
          for (; next < stepsPerEpoch && next <= step + maker.ahead; next++) pending.push(begin(epoch, next));
          const start = performance.now();
          const batch = await pending.shift()!.batch;
          stats.waitMs += performance.now() - start;
          stats.batches++;
          yield batch;
        }
      } finally {
        for (const work of pending) work.cancel();
        for (const left of await Promise.allSettled(pending.map(({ batch }) => batch)))
          if (left.status === "fulfilled") maker.release(left.value);
      }
    },
    release: (batch) => maker.release(batch),
    stats: () => ({ ...stats, ...maker.times, skipped: [...maker.skipped.values()] }),
    close: async () => {
      closed = true;
      await maker.close();
    },
  };
}
