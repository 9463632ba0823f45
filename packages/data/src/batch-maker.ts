import { DataError, type Dataset, type ImageBatch, type RawImage } from "@simclr/core";
import type { BatchPlan } from "./batch-order.js";
import { BufferPool } from "./buffer-pool.js";
import { pixelStoreOf } from "./cached-dataset.js";
import { type Root, rootOf } from "./derived-dataset.js";
import {
  type BrokenPolicy,
  brokenImageError,
  type EncodedImages,
  encodedImagesOf,
  type OpenedDataset,
  type SkippedImage,
} from "./encoded-dataset.js";
import { forEachBounded } from "./for-each-bounded.js";
import type { ResolvedLoaderOptions } from "./loader-options.js";
import type { JobImages, ViewJob, ViewOutcome } from "./make-views.js";
import { PixelFile } from "./pixel-file.js";
import { imageAt, type PixelStore } from "./pixel-store.js";
import { replaceBroken } from "./replace-broken.js";
import { unequalChannels } from "./unequal-channels.js";
import { cancel, ViewPool } from "./view-pool.js";

/** Images of a data set that is neither cached nor of files, read at once. */
const READS_AT_ONCE = 8;

/** A batch that is being prepared. */
export interface BatchInWork {
  readonly batch: Promise<ImageBatch>;
  /** Leaves what is not begun; the batch then holds anything. */
  cancel(): void;
}

/** Makes the batches that it is told to make. */
export class BatchMaker {
  /** Where images come from. */
  readonly source: "cache" | "files" | "dataset";
  /** Batches to prepare ahead of the one in use. */
  readonly ahead: number;
  readonly times = { readMs: 0, decodeMs: 0, cropMs: 0 };
  readonly skipped = new Map<string, SkippedImage>();

  readonly #dataset: Dataset;
  readonly #options: ResolvedLoaderOptions;
  readonly #root: Root;
  readonly #store: PixelStore | undefined;
  readonly #file: PixelFile | undefined;
  readonly #encoded: EncodedImages | undefined;
  readonly #onBroken: BrokenPolicy;
  readonly #buffers: BufferPool;
  #pool: ViewPool | undefined;

  constructor(dataset: Dataset, options: ResolvedLoaderOptions) {
    this.#dataset = dataset;
    this.#options = options;
    this.#root = rootOf(dataset);
    this.#store = pixelStoreOf(this.#root.dataset);
    this.#file = this.#store?.file === undefined ? undefined : new PixelFile(this.#store.file);
    this.#encoded = this.#store === undefined ? encodedImagesOf(this.#root.dataset) : undefined;
    this.source = this.#store !== undefined ? "cache" : this.#encoded !== undefined ? "files" : "dataset";
    this.#onBroken = options.onBroken ?? (this.#root.dataset as Partial<OpenedDataset>).onBroken ?? "error";
    const onlyCopies = this.source === "cache" && this.#file === undefined && options.crop === undefined;
    this.ahead = options.prefetch ?? (onlyCopies ? 0 : 2);
    this.#buffers = new BufferPool(this.ahead + 2);
  }

  /** Begins with a batch; threads have their work when this returns, unless images come from the data set's own `read`. */
  begin(plan: BatchPlan): BatchInWork {
    if (this.#options.crop === undefined) return { batch: this.#rawBatch(plan), cancel: () => {} };
    let job: ViewJob | undefined;
    let cancelled = false;
    const make = async (images: JobImages): Promise<ImageBatch> => {
      job = this.#job(plan, images);
      if (cancelled) cancel(job);
      return this.#croppedBatch(plan, job, await this.#viewPool(plan, images).run(job));
    };
    const images = this.#jobImages(plan);
    return {
      batch: images instanceof Promise ? images.then(make) : make(images),
      cancel: () => {
        cancelled = true;
        if (job !== undefined) cancel(job);
      },
    };
  }

  release(batch: ImageBatch): void {
    this.#buffers.giveBack(batch);
  }

  async close(): Promise<void> {
    this.#file?.close();
    await this.#pool?.close();
  }

  async #rawBatch(plan: BatchPlan): Promise<ImageBatch> {
    const images = await this.#read(plan);
    const { height, width, channels } = images[0]!;
    const shape = [images.length, height, width, channels] as const;
    return { kind: "raw", ...this.#named(plan), images: concatenate(images), shape };
  }

  async #croppedBatch(plan: BatchPlan, { into }: ViewJob, outcome: ViewOutcome): Promise<ImageBatch> {
    for (const key of ["readMs", "decodeMs", "cropMs"] as const) this.times[key] += outcome[key];
    const { views } = this.#options;
    const size = this.#options.crop!.size;
    const count = plan.indices.length;
    const length = into.length / views;
    let held = plan;
    if (outcome.broken.length > 0) {
      this.#noteBroken(plan, outcome);
      held = replaceBroken(
        plan,
        outcome.broken.map(({ place }) => place),
        into,
        views,
      );
    }
    const batch: ImageBatch = {
      kind: "cropped",
      ...this.#named(held),
      views: Array.from({ length: views }, (_, view) => into.subarray(view * length, (view + 1) * length)),
      shape: [count, size, size, length / (count * size * size)],
    };
    this.#buffers.lend(batch, into);
    return batch;
  }

  /** @throws DataError if broken images are an error, or there are too many. */
  #noteBroken({ indices }: BatchPlan, { broken }: ViewOutcome): void {
    const { maxSkipped } = this.#options;
    for (const { place, reason } of broken) {
      const id = this.#dataset.id(indices[place]!);
      if (this.#onBroken === "error") throw brokenImageError(id, new Error(reason));
      this.skipped.set(id, { id, reason });
    }
    const whole = broken.length === indices.length;
    if (!whole && this.skipped.size <= maxSkipped) return;
    const last = [...this.skipped.values()].at(-1)!;
    const what = whole ? "all images of a batch" : `more than \`maxSkipped\` (${maxSkipped}) images`;
    throw new DataError(
      `${this.#dataset.name}: ${what} are broken, the last of them ${last.id}: ${last.reason}. List them with "simclr data check", and repair or remove them.`,
      {
        subject: whole ? last.id : "maxSkipped",
        expected: "sound images",
        received: `${this.skipped.size} broken ones`,
      },
    );
  }

  #job({ indices, passes }: BatchPlan, images: JobImages): ViewJob {
    const { crop, views } = this.#options;
    const length = views * indices.length * crop!.size ** 2 * this.#channels(indices, images);
    const taken = new Int32Array(new SharedArrayBuffer(4));
    return { images, indices, passes, taken, into: this.#buffers.take(length) };
  }

  #viewPool({ indices }: BatchPlan, images: JobImages): ViewPool {
    const { crop, views, augmentRandom, workers } = this.#options;
    this.#pool ??= new ViewPool({
      settings: {
        spec: crop!,
        views,
        key: augmentRandom.key,
        channels: this.#channels(indices, images),
        store: this.#store,
        decode: this.#encoded?.settings,
      },
      workers,
      batches: this.ahead + 1,
    });
    return this.#pool;
  }

  #jobImages(plan: BatchPlan): JobImages | Promise<JobImages> {
    const places = plan.indices.map((index) => this.#root.indexOf(index));
    if (this.#store !== undefined) return { kind: "stored", places };
    const locations = this.#encoded?.locations;
    if (locations !== undefined)
      return { kind: "encoded", locations: Array.from(places, (place) => locations[place]!) };
    return this.#read(plan).then((images) => ({ kind: "decoded", images: images.map(shareable) }));
  }

  #channels(indices: Int32Array, images: JobImages): number {
    if (images.kind !== "decoded") return this.#store?.channels ?? this.#encoded!.settings.channels;
    const [{ channels }, ...others] = images.images as [RawImage, ...RawImage[]];
    for (const [i, other] of others.entries())
      if (other.channels !== channels)
        throw unequalChannels(this.#dataset.id(indices[i + 1]!), other.channels, channels);
    return channels;
  }

  /** The images of a batch on this thread. */
  async #read({ indices }: BatchPlan): Promise<RawImage[]> {
    const store = this.#store;
    const start = performance.now();
    const images = new Array<RawImage>(indices.length);
    if (store === undefined)
      await forEachBounded([...indices], READS_AT_ONCE, async (index, i) => {
        images[i] = await this.#dataset.read(index);
      });
    else
      for (const [i, index] of indices.entries()) {
        const place = this.#root.indexOf(index);
        images[i] = this.#file === undefined ? imageAt(store, place) : this.#file.readSync(store, place);
      }
    this.times.readMs += performance.now() - start;
    return images;
  }

  #named({ indices }: BatchPlan) {
    return { indices, labels: indices.map((index) => this.#dataset.labels[index]!) };
  }
}

/** A view into a larger buffer that is not shared would take the whole buffer along to a thread. */
function shareable(image: RawImage): RawImage {
  const { data } = image;
  if (data.buffer instanceof SharedArrayBuffer || data.byteLength === data.buffer.byteLength) return image;
  return { ...image, data: new Uint8Array(data) };
}

function concatenate(images: readonly RawImage[]): Uint8Array {
  const length = images[0]!.data.length;
  const result = new Uint8Array(images.length * length);
  for (const [i, image] of images.entries()) result.set(image.data, i * length);
  return result;
}
