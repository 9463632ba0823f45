import {
  type CropSpec,
  checkChoice,
  checkCropSpec,
  checkInteger,
  type Dataset,
  InvalidArgumentError,
  type Random,
} from "@simclr/core";
import { availableCores } from "@simclr/core/node";
import type { BatchShare } from "./batch-order.js";
import type { BrokenPolicy } from "./encoded-dataset.js";

export interface LoaderOptions {
  /** Images in a batch, >= 1. */
  readonly batchSize: number;
  /** Draws the order, and the crops too unless `augmentRandom` is given; not advanced. */
  readonly random: Random;
  /** Draws the crops, as the augmentation on the device would with it; not advanced. @defaultValue random */
  readonly augmentRandom?: Random;
  /** A new order in every epoch; otherwise the order of the data set. @defaultValue true */
  readonly shuffle?: boolean;
  /** Leave out the images that do not fill a batch at the end of an epoch. @defaultValue true */
  readonly dropLast?: boolean;
  /**
   * Let one permutation of the images follow another without a gap, so that every batch is full even if there are
   * fewer images than `batchSize`, and every image comes equally often. @defaultValue false
   */
  readonly repeat?: boolean;
  /** Go through these images only, such as `labelledIndices(dataset)`. @defaultValue all */
  readonly indices?: ArrayLike<number>;
  /** The crop; needed where image sizes differ. */
  readonly crop?: CropSpec;
  /** Views of each image in a cropped batch, >= 1. @defaultValue 2 for random crops, 1 for the center crop */
  readonly views?: number;
  /** What batches hold: `"auto"` gives raw images if all share one size, else crops. @defaultValue "auto" */
  readonly output?: "auto" | "raw" | "cropped";
  /**
   * Give out one rank's part of every batch: with `{ rank, size }` of a communicator, all ranks together see the batches that
   * one would see alone. `batchSize` is that of the whole batch, a multiple of `size`. @defaultValue the whole batch
   */
  readonly share?: BatchShare;
  /** Batches that are prepared ahead. @defaultValue 2, or 0 where copying from memory is all there is to do */
  readonly prefetch?: number;
  /**
   * Threads that decode and crop; 0 to do so on the calling thread. @defaultValue as many as there are cores for this process, at
   * most 8
   */
  readonly workers?: number;
  /**
   * What to do with a broken image of a data set of files that is not cached: `"skip"` puts the next sound image of the batch in
   * its place, and lists it in `stats().skipped`. @defaultValue what the data set was opened with, else `"error"`
   */
  readonly onBroken?: BrokenPolicy;
  /** With `onBroken: "skip"`, more broken images than this are an error. @defaultValue 1000 */
  readonly maxSkipped?: number;
}

export interface ResolvedLoaderOptions {
  readonly batchSize: number;
  readonly random: Random;
  readonly augmentRandom: Random;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly repeat: boolean;
  readonly indices: Int32Array;
  readonly share: BatchShare;
  /** Undefined for raw batches. */
  readonly crop: CropSpec | undefined;
  readonly views: number;
  readonly prefetch: number | undefined;
  readonly workers: number;
  readonly onBroken: BrokenPolicy | undefined;
  readonly maxSkipped: number;
}

/** @throws InvalidArgumentError if the options do not fit together, or not to the data set. */
export function resolveLoaderOptions(dataset: Dataset, options: LoaderOptions): ResolvedLoaderOptions {
  const { batchSize, random, shuffle = true, dropLast = true, repeat = false, crop, prefetch } = options;
  const { maxSkipped = 1_000, onBroken } = options;
  const { output = "auto", workers = Math.min(8, availableCores()) } = options;
  const views = options.views ?? (crop?.kind === "center-crop" ? 1 : 2);
  checkInteger("createLoader", { batchSize }, 1);
  checkInteger("createLoader", { views }, 1);
  checkInteger("createLoader", { workers });
  if (prefetch !== undefined) checkInteger("createLoader", { prefetch });
  checkChoice("createLoader", { output }, ["auto", "raw", "cropped"]);
  if (onBroken !== undefined) checkChoice("createLoader", { onBroken }, ["error", "skip"]);
  checkInteger("createLoader", { maxSkipped });
  if (crop !== undefined) checkCropSpec("createLoader", crop);
  const indices = checkIndices(dataset, options.indices);
  const share = checkShare(options.share ?? { rank: 0, size: 1 }, batchSize, dropLast || repeat);
  if (!repeat && dropLast && batchSize > indices.length)
    throw wrong(
      "batchSize",
      `at most ${indices.length}, the number of images`,
      String(batchSize),
      "Pass repeat: true to fill batches from one permutation after another, or dropLast: false for smaller batches.",
    );
  const cropped = output === "cropped" || (output === "auto" && dataset.imageShape === undefined);
  if (!cropped && dataset.imageShape === undefined)
    throw wrong(
      "output",
      '"cropped" or "auto"',
      '"raw"',
      `The images of ${dataset.name} differ in size, or their size is not known before decoding: pass a crop, or cache the data set with cacheDecoded.`,
    );
  if (cropped && crop === undefined)
    throw wrong(
      "crop",
      "given",
      "undefined",
      `The images of ${dataset.name} differ in size, or their size is not known before decoding (cacheDecoded finds out).`,
    );
  return {
    batchSize,
    random,
    augmentRandom: options.augmentRandom ?? random,
    shuffle,
    dropLast,
    repeat,
    indices,
    share,
    crop: cropped ? crop : undefined,
    views,
    prefetch,
    workers,
    onBroken,
    maxSkipped,
  };
}

function checkShare({ rank, size }: BatchShare, batchSize: number, fullBatches: boolean): BatchShare {
  checkInteger("createLoader", { "share.size": size }, 1);
  checkInteger("createLoader", { "share.rank": rank });
  if (rank >= size) throw wrong("share.rank", `below share.size, ${size}`, String(rank), "Ranks count from 0.");
  if (batchSize % size !== 0)
    throw wrong(
      "batchSize",
      `a multiple of ${size}, the number of ranks`,
      String(batchSize),
      "Every rank takes an equal part of the batch; change the batch size or the number of ranks.",
    );
  if (size > 1 && !fullBatches)
    throw wrong("dropLast", "true", "false", "With several ranks every batch must be full; or pass repeat: true.");
  return { rank, size };
}

function checkIndices({ size }: Dataset, indices: ArrayLike<number> | undefined): Int32Array {
  if (indices === undefined) return Int32Array.from({ length: size }, (_, i) => i);
  if (indices.length === 0) throw wrong("indices", "at least one index", "an empty list", "Are there labelled images?");
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(Number.isInteger(index) && index >= 0 && index < size))
      throw wrong(
        "indices",
        `integers in [0, ${size})`,
        `${index} at position ${i}`,
        "Take them from this very data set.",
      );
  }
  return Int32Array.from(indices);
}

function wrong(name: string, expected: string, received: string, hint: string): InvalidArgumentError {
  return new InvalidArgumentError(`createLoader: \`${name}\` must be ${expected}; received ${received}. ${hint}`, {
    subject: name,
    expected,
    received,
  });
}
