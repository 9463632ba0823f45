import { availableParallelism, totalmem } from "node:os";
import { checkChoice, checkInteger, checkPositive, DataError, type Dataset, type RawImage } from "@simclr/core";
import { Piscina } from "piscina";
import { type CachedDataset, cachedDataset } from "./cached-dataset.js";
import { type DecodeSettings, shrinkImage } from "./decode-image.js";
import type { DecodedImage, DecodeResult, DecodeTask } from "./decode-worker.js";
import { rootOf } from "./derived-dataset.js";
import {
  type BrokenPolicy,
  brokenImageError,
  encodedImagesOf,
  type OpenedDataset,
  type SkippedImage,
} from "./encoded-dataset.js";
import { fingerprintOf } from "./fingerprint.js";
import { forEachBounded } from "./for-each-bounded.js";
import type { ImageLocation } from "./image-bytes.js";
import { PixelStoreBuilder } from "./pixel-store.js";
import { reasonOf } from "./reason.js";

/** Images of one worker task: small ones cost less than a message. */
const RUN_LENGTH = 64;

/** Reads of a data set without files that are under way at once. */
const READS_AT_ONCE = 8;

export interface CacheOptions {
  /** Worker threads. @defaultValue as many as there are processors, at most 8 */
  readonly workers?: number;
  /** Most bytes that the decoded images may take. @defaultValue half of the machine's memory */
  readonly maxBytes?: number;
  /**
   * Images whose shorter side is longer, in pixels, are shrunk to it while they are decoded, with an antialiasing
   * filter. A few times the training size loses nothing that a crop would show. @defaultValue no limit
   */
  readonly maxSide?: number;
  /** Called after each piece of work. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Stops the work; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** What to do with an image that cannot be decoded. @defaultValue what the data set was opened with, else `"error"` */
  readonly onBroken?: BrokenPolicy;
}

/**
 * Decodes every image of a data set once, in worker threads, and keeps the pixels in memory that workers share.
 *
 * With `onBroken: "skip"` broken images are left out here, so that indices run from 0 to size - 1 without gaps;
 * they are listed in `skipped`. Take subsets and label subsets of the result, not of what goes in.
 *
 * @param dataset - Borrowed; may be closed afterwards.
 * @throws DataError naming the first broken image, or if the pixels take more than `maxBytes`.
 */
export async function cacheDecoded(dataset: Dataset, options: CacheOptions = {}): Promise<CachedDataset> {
  const root = rootOf(dataset);
  const opened = root.dataset as Partial<OpenedDataset>;
  const { workers = Math.min(8, availableParallelism()), maxBytes = totalmem() / 2, maxSide } = options;
  const { onBroken = opened.onBroken ?? "error", signal, onProgress } = options;
  checkInteger("cacheDecoded", { workers }, 1);
  checkPositive("cacheDecoded", { maxBytes });
  if (maxSide !== undefined) checkInteger("cacheDecoded", { maxSide }, 1);
  checkChoice("cacheDecoded", { onBroken }, ["error", "skip"]);
  signal?.throwIfAborted();

  const builder = new PixelStoreBuilder(dataset.size, maxBytes);
  const broken = new Map<number, string>();
  let done = 0;
  const work: Work = {
    builder,
    signal,
    advance: (count) => {
      done += count;
      onProgress?.({ done, total: dataset.size });
    },
    reject: (index, reason, cause) => {
      if (onBroken === "error") throw brokenImageError(dataset.id(index), cause ?? new Error(reason));
      broken.set(index, reason);
    },
  };
  const encoded = encodedImagesOf(root.dataset);
  if (encoded !== undefined) {
    const locations = Array.from(dataset.labels.keys(), (index) => encoded.locations[root.indexOf(index)]!);
    await decodeInWorkers(locations, { ...encoded.settings, maxSide }, workers, work);
  } else await readAll(dataset, maxSide, work);

  const kept = Int32Array.from(dataset.labels.keys()).filter((i) => !broken.has(i));
  if (kept.length === 0)
    throw new DataError(
      `${dataset.name}: none of its ${dataset.size} images can be decoded; ${[...broken.values()][0]}.`,
      {
        subject: dataset.name,
        expected: "at least one sound image",
      },
    );
  const skippedNow: SkippedImage[] = [...broken.keys()]
    .sort((a, b) => a - b)
    .map((index) => ({ id: dataset.id(index), reason: broken.get(index)! }));
  const unchanged = maxSide === undefined && broken.size === 0;
  return cachedDataset({
    name: dataset.name,
    store: builder.finish(kept),
    ids: Array.from(kept, (i) => dataset.id(i)),
    classNames: dataset.classNames,
    labels: Int32Array.from(kept, (i) => dataset.labels[i]!),
    fingerprint: unchanged ? dataset.fingerprint : fingerprintOf([dataset.fingerprint, maxSide ?? 0, kept]),
    skipped: [...(opened.skipped ?? []), ...skippedNow],
  });
}

interface Work {
  readonly builder: PixelStoreBuilder;
  readonly signal: AbortSignal | undefined;
  advance(count: number): void;
  /** Notes a broken image, or throws. */
  reject(index: number, reason: string, cause?: unknown): void;
}

async function decodeInWorkers(
  locations: readonly ImageLocation[],
  settings: DecodeSettings,
  workers: number,
  { builder, signal, advance, reject }: Work,
): Promise<void> {
  const threads = Math.min(workers, Math.ceil(locations.length / RUN_LENGTH));
  const pool = new Piscina<DecodeTask, DecodeResult>({
    filename: new URL("./decode-worker.js", import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
  });
  const decode = async (first: number, end: number): Promise<void> => {
    const task: DecodeTask = {
      first,
      locations: locations.slice(first, end),
      settings,
      slots: builder.slots,
    };
    const { images, segments, broken } = await pool.run(task, signal === undefined ? {} : { signal });
    for (const { index, reason } of broken) reject(index, reason);
    store(images, segments);
    advance(end - first);
  };
  const store = (images: readonly DecodedImage[], segments: readonly SharedArrayBuffer[]): void => {
    const { channels } = settings;
    if (!builder.started) {
      for (const { index, height, width, segment, offset } of images) {
        const data = new Uint8Array(segments[segment]!, offset, height * width * channels);
        builder.add(index, { data, height, width, channels });
      }
      return;
    }
    const buffers = segments.map((segment) => builder.addBuffer(segment));
    for (const { index, height, width, segment, offset } of images) {
      if (segment < 0) builder.addInSlot(index);
      else builder.addInBuffer(index, buffers[segment]!, offset, { height, width, channels });
    }
  };
  try {
    // One image alone, to learn the shape that workers can then write in place.
    let first = 0;
    for (; first < locations.length && !builder.started; first++) await decode(first, first + 1);
    const starts: number[] = [];
    for (; first < locations.length; first += RUN_LENGTH) starts.push(first);
    await forEachBounded(starts, 2 * workers, (start) => decode(start, Math.min(start + RUN_LENGTH, locations.length)));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await pool.destroy();
  }
}

/** Reads a data set that is not made of files, such as one of the user's own. */
async function readAll(dataset: Dataset, maxSide: number | undefined, work: Work): Promise<void> {
  await forEachBounded([...dataset.labels.keys()], READS_AT_ONCE, async (index) => {
    work.signal?.throwIfAborted();
    let image: RawImage | undefined;
    try {
      image = await shrinkImage(await dataset.read(index), maxSide);
    } catch (cause) {
      work.reject(index, reasonOf(cause), cause);
    }
    if (image !== undefined) work.builder.add(index, image);
    work.advance(1);
  });
}
