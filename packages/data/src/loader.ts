import {
  checkInRange,
  checkInteger,
  type Dataset,
  type ImageBatch,
  InvalidArgumentError,
  type RawImage,
} from "@simclr/core";
import { BatchOrder, type BatchPlan } from "./batch-order.js";
import { pixelStoreOf } from "./cached-dataset.js";
import { rootOf } from "./derived-dataset.js";
import { forEachBounded } from "./for-each-bounded.js";
import { type LoaderOptions, resolveLoaderOptions } from "./loader-options.js";
import { imageAt } from "./pixel-store.js";
import { ViewCropper } from "./view-cropper.js";

/** Images of a data set that is not cached, decoded at once. */
const READS_AT_ONCE = 8;

/** Where the time went. */
export interface LoaderStats {
  /** Batches given out. */
  readonly batches: number;
  /** Milliseconds that the consumer waited for batches. */
  readonly waitMs: number;
  /** Milliseconds from the start to the end of preparing each batch, summed; batches may be prepared side by side. */
  readonly decodeMs: number;
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
  /**
   * The batches of one epoch; each is given away.
   *
   * @param epoch - From 0.
   * @param startStep - Go on with this step, as if those before had been taken. @defaultValue 0
   */
  epoch(epoch: number, startStep?: number): AsyncGenerator<ImageBatch, void, undefined>;
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
 * that an image that comes twice in an epoch is not cropped the same way twice.
 *
 * @param dataset - Borrowed; cache it with `cacheDecoded` unless it does not fit into memory.
 * @throws InvalidArgumentError if the options do not fit together, or not to the data set.
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): Loader {
  const { batchSize, crop, random, augmentRandom, views, workers, indices, prefetch, ...order } = resolveLoaderOptions(
    dataset,
    options,
  );
  const batches = new BatchOrder({ batchSize, random, indices, ...order });
  const cropper =
    crop === undefined ? undefined : new ViewCropper({ spec: crop, views, random: augmentRandom, workers });
  const fetchImages = imageSource(dataset);
  const cached = pixelStoreOf(rootOf(dataset).dataset) !== undefined;
  const ahead = prefetch ?? (cached && cropper === undefined ? 0 : 2);
  const { stepsPerEpoch } = batches;
  const stats = { batches: 0, waitMs: 0, decodeMs: 0 };
  let closed = false;

  const prepare = async (epoch: number, step: number): Promise<ImageBatch> => {
    if (closed)
      throw new InvalidArgumentError("createLoader: the loader is closed. Create another one.", { subject: "loader" });
    const start = performance.now();
    const plan = batches.plan(epoch, step);
    const labels = plan.indices.map((index) => dataset.labels[index]!);
    const images = await fetchImages(plan);
    const { height, width, channels } = images[0]!;
    const batch: ImageBatch =
      cropper === undefined
        ? {
            kind: "raw",
            indices: plan.indices,
            labels,
            images: concatenate(images),
            shape: [images.length, height, width, channels],
          }
        : {
            kind: "cropped",
            indices: plan.indices,
            labels,
            views: await cropper.crop(plan, images),
            shape: [images.length, crop!.size, crop!.size, channels],
          };
    stats.decodeMs += performance.now() - start;
    return batch;
  };

  return {
    kind: cropper === undefined ? "raw" : "cropped",
    size: indices.length,
    batchSize: batchSize / order.share.size,
    stepsPerEpoch,
    async *epoch(epoch, startStep = 0) {
      checkInteger("Loader.epoch", { epoch });
      checkInteger("Loader.epoch", { startStep });
      checkInRange("Loader.epoch", { startStep }, 0, stepsPerEpoch);
      const pending: Promise<ImageBatch>[] = [];
      let next = startStep;
      try {
        for (let step = startStep; step < stepsPerEpoch; step++) {
          for (; next < stepsPerEpoch && next <= step + ahead; next++) {
            const batch = prepare(epoch, next);
            batch.catch(() => {}); // reported when its turn comes
            pending.push(batch);
          }
          const start = performance.now();
          const batch = await pending.shift()!;
          stats.waitMs += performance.now() - start;
          stats.batches++;
          yield batch;
        }
      } finally {
        await Promise.allSettled(pending);
      }
    },
    stats: () => ({ ...stats }),
    close: async () => {
      closed = true;
      await cropper?.close();
    },
  };
}

/** Pixels straight from shared memory if the data set is cached, and by decoding them otherwise. */
function imageSource(dataset: Dataset): (plan: BatchPlan) => Promise<RawImage[]> {
  const root = rootOf(dataset);
  const store = pixelStoreOf(root.dataset);
  if (store !== undefined)
    return async ({ indices }) => Array.from(indices, (index) => imageAt(store, root.indexOf(index)));
  return async ({ indices }) => {
    const images = new Array<RawImage>(indices.length);
    await forEachBounded([...indices], READS_AT_ONCE, async (index, i) => {
      images[i] = await dataset.read(index);
    });
    return images;
  };
}

function concatenate(images: readonly RawImage[]): Uint8Array {
  const length = images[0]!.data.length;
  const result = new Uint8Array(images.length * length);
  for (const [i, image] of images.entries()) result.set(image.data, i * length);
  return result;
}
