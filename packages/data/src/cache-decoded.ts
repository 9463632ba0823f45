import { totalmem } from "node:os";
import { join } from "node:path";
import { checkChoice, checkInteger, checkPositive, DataError, type Dataset, type RawImage } from "@simclr/core";
import { availableCores } from "@simclr/core/node";
import { cacheKey, defaultFolder } from "./cache-file.js";
import { type CachedDataset, cachedDataset } from "./cached-dataset.js";
import { type DecodeSettings, shrinkImage } from "./decode-image.js";
import type { DecodeResult, DecodeTask } from "./decode-worker.js";
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
import { PixelFileWriter, type ReadPixels, readPixelFile } from "./pixel-file-format.js";
import type { PixelSink } from "./pixel-sink.js";
import { isTooLarge, PixelStoreBuilder } from "./pixel-store.js";
import { reasonOf } from "./reason.js";
import { WorkerPool } from "./worker-pool.js";

/** Images of one worker task: small ones cost less than a message. */
const RUN_LENGTH = 64;

/** Reads of a data set without files that are under way at once. */
const READS_AT_ONCE = 8;

/** Broken images that are left out before it is an error after all. */
const MAX_SKIPPED = 1_000;

export interface CacheOptions {
  /** Worker threads. @defaultValue as many as there are cores for this process, at most 8 */
  readonly workers?: number;
  /** Most bytes of memory that the decoded images may take. @defaultValue half of the machine's memory */
  readonly maxBytes?: number;
  /**
   * Where decoded images are kept: in memory; in a file, which later runs on the same images use again; or in memory if they fit
   * into `maxBytes`, else in a file. @defaultValue "memory"
   */
  readonly storage?: "memory" | "file" | "auto";
  /** Folder of that file. @defaultValue `simclr/decoded` in `$XDG_CACHE_HOME` or `~/.cache` */
  readonly folder?: string;
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
  /** With `onBroken: "skip"`, more broken images than this are an error. @defaultValue 1000 */
  readonly maxSkipped?: number;
}

/**
 * Decodes every image of a data set once, in worker threads, and keeps the pixels where workers share them.
 *
 * With `onBroken: "skip"` broken images are left out here, so that indices run from 0 to size - 1 without gaps;
 * they are listed in `skipped`. Take subsets and label subsets of the result, not of what goes in.
 *
 * A file of decoded images belongs to the data set's fingerprint, the times of its files, and the options that change pixels;
 * each image in it is checked when it is read.
 *
 * @param dataset - Borrowed; may be closed afterwards.
 * @throws DataError naming the first broken image, or a file of decoded images that was changed, or if the pixels take more
 *   than `maxBytes`.
 */
export async function cacheDecoded(dataset: Dataset, options: CacheOptions = {}): Promise<CachedDataset> {
  const opened = rootOf(dataset).dataset as Partial<OpenedDataset>;
  const { workers = Math.min(8, availableCores()), maxBytes = totalmem() / 2, maxSide, storage = "memory" } = options;
  const { onBroken = opened.onBroken ?? "error", maxSkipped = MAX_SKIPPED, signal, onProgress } = options;
  checkInteger("cacheDecoded", { workers }, 1);
  checkPositive("cacheDecoded", { maxBytes });
  if (maxSide !== undefined) checkInteger("cacheDecoded", { maxSide }, 1);
  checkChoice("cacheDecoded", { onBroken }, ["error", "skip"]);
  checkChoice("cacheDecoded", { storage }, ["memory", "file", "auto"]);
  checkInteger("cacheDecoded", { maxSkipped });
  signal?.throwIfAborted();

  const work: Work = { dataset, maxSide, workers, onBroken, maxSkipped, signal, onProgress };
  const finish = ({ store, kept, skipped }: ReadPixels): CachedDataset => {
    const unchanged = maxSide === undefined && skipped.length === 0;
    return cachedDataset({
      name: dataset.name,
      store,
      ids: Array.from(kept, (i) => dataset.id(i)),
      classNames: dataset.classNames,
      labels: Int32Array.from(kept, (i) => dataset.labels[i]!),
      fingerprint: unchanged ? dataset.fingerprint : fingerprintOf([dataset.fingerprint, maxSide ?? 0, kept]),
      skipped: [...(opened.skipped ?? []), ...skipped],
    });
  };
  if (storage === "memory") return finish(await intoMemory(work, maxBytes));
  const key = await cacheKey(dataset, maxSide);
  const path = join(options.folder ?? defaultFolder(), `${key.slice(0, 32)}.pixels`);
  const found = readPixelFile(path, key);
  if (found !== undefined) return finish(checkSkipped(found, work));
  if (storage === "auto") {
    try {
      return finish(await intoMemory(work, maxBytes));
    } catch (error) {
      if (!isTooLarge(error)) throw error;
    }
  }
  return finish(await intoFile(work, path, key));
}

interface Work {
  readonly dataset: Dataset;
  readonly maxSide: number | undefined;
  readonly workers: number;
  readonly onBroken: BrokenPolicy;
  readonly maxSkipped: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: CacheOptions["onProgress"];
}

async function intoMemory(work: Work, maxBytes: number): Promise<ReadPixels> {
  const builder = new PixelStoreBuilder(work.dataset.size, maxBytes);
  const { kept, skipped } = await decodeAll(work, builder);
  return { store: builder.finish(kept), kept, skipped };
}

async function intoFile(work: Work, path: string, key: string): Promise<ReadPixels> {
  const writer = await PixelFileWriter.create(path);
  try {
    const { skipped } = await decodeAll(work, writer);
    await writer.finish(key, skipped);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return readPixelFile(path, key)!;
}

/** Hands every sound image to `sink`. */
async function decodeAll(work: Work, sink: PixelSink): Promise<{ kept: Int32Array; skipped: SkippedImage[] }> {
  const { dataset, onBroken, maxSkipped, onProgress } = work;
  const broken = new Map<number, string>();
  let done = 0;
  const progress: Progress = {
    advance: (count) => {
      done += count;
      onProgress?.({ done, total: dataset.size });
    },
    reject: (index, reason, cause) => {
      if (onBroken === "error") throw brokenImageError(dataset.id(index), cause ?? new Error(reason));
      broken.set(index, reason);
      if (broken.size > maxSkipped) throw tooManyBroken(dataset.name, maxSkipped, { id: dataset.id(index), reason });
    },
  };
  if (encodedImagesOf(rootOf(dataset).dataset) !== undefined) await decodeInWorkers(work, sink, progress);
  else await readAll(work, sink, progress);
  const kept = Int32Array.from(dataset.labels.keys()).filter((i) => !broken.has(i));
  if (kept.length === 0)
    throw new DataError(
      `${dataset.name}: none of its ${dataset.size} images can be decoded; ${[...broken.values()][0]}.`,
      {
        subject: dataset.name,
        expected: "at least one sound image",
      },
    );
  const skipped = [...broken.keys()]
    .sort((a, b) => a - b)
    .map((index) => ({ id: dataset.id(index), reason: broken.get(index)! }));
  return { kept, skipped };
}

interface Progress {
  advance(count: number): void;
  /** Notes a broken image, or throws. */
  reject(index: number, reason: string, cause?: unknown): void;
}

async function decodeInWorkers(
  { dataset, maxSide, workers, signal }: Work,
  sink: PixelSink,
  { advance, reject }: Progress,
): Promise<void> {
  const root = rootOf(dataset);
  const encoded = encodedImagesOf(root.dataset)!;
  const locations = Array.from(dataset.labels.keys(), (index) => encoded.locations[root.indexOf(index)]!);
  const settings: DecodeSettings = { ...encoded.settings, maxSide };
  const threads = Math.min(workers, Math.ceil(locations.length / RUN_LENGTH));
  const pool = new WorkerPool<DecodeTask, DecodeResult>({ file: "./decode-worker.js", threads, where: "cacheDecoded" });
  const decode = async (first: number, end: number): Promise<void> => {
    const task: DecodeTask = { first, locations: locations.slice(first, end), settings, slots: sink.slots };
    const { images, segments, broken } = await pool.run(task, signal);
    for (const { index, reason } of broken) reject(index, reason);
    await sink.take(images, segments, settings.channels);
    advance(end - first);
  };
  try {
    // One image alone, to learn the shape that workers can then write in place.
    let first = 0;
    for (; first < locations.length && !sink.started; first++) await decode(first, first + 1);
    const starts: number[] = [];
    for (; first < locations.length; first += RUN_LENGTH) starts.push(first);
    await forEachBounded(starts, 2 * workers, (start) => decode(start, Math.min(start + RUN_LENGTH, locations.length)));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await pool.close();
  }
}

/** Reads a data set that is not made of files, such as one of the user's own. */
async function readAll(
  { dataset, maxSide, signal }: Work,
  sink: PixelSink,
  { advance, reject }: Progress,
): Promise<void> {
  await forEachBounded([...dataset.labels.keys()], READS_AT_ONCE, async (index) => {
    signal?.throwIfAborted();
    let image: RawImage | undefined;
    try {
      image = await shrinkImage(await dataset.read(index), maxSide);
    } catch (cause) {
      reject(index, reasonOf(cause), cause);
    }
    if (image !== undefined) await sink.add([{ index, ...image }]);
    advance(1);
  });
}

/** What a file was made with may be more lenient than what is asked for now. */
function checkSkipped(found: ReadPixels, { dataset, onBroken, maxSkipped }: Work): ReadPixels {
  const [first] = found.skipped;
  if (first === undefined) return found;
  if (onBroken === "error") throw brokenImageError(first.id, new Error(first.reason));
  if (found.skipped.length > maxSkipped) throw tooManyBroken(dataset.name, maxSkipped, found.skipped[maxSkipped]!);
  return found;
}

function tooManyBroken(name: string, maxSkipped: number, { id, reason }: SkippedImage): DataError {
  return new DataError(
    `${name}: more than \`maxSkipped\` (${maxSkipped}) images are broken, the last of them ${id}: ${reason}. List them with "simclr data check", repair or remove them, or raise maxSkipped.`,
    { subject: "maxSkipped", expected: `at most ${maxSkipped} broken images`, received: `${maxSkipped + 1} or more` },
  );
}
