import { checkChoice, checkInteger, InvalidArgumentError } from "@simclr/core";
import type { BrokenPolicy } from "./encoded-dataset.js";

/** The layouts that `openDataset` reads. */
export type DatasetFormat = "tar" | "folder" | "shapes";

export interface OpenOptions {
  /** The layout; found out by looking at the path where not given. */
  readonly format?: DatasetFormat;
  /** Which tar files of a folder are its shards: `train-*.tar`, `train-{0..4}.tar`. @defaultValue all of them */
  readonly pattern?: string;
  /** A CSV file with the header `file,label` that says which images are labelled; replaces classes from folders. */
  readonly labels?: string;
  /** Use the first so many images only. Class indices stay those of the whole data set. */
  readonly limit?: number;
  /**
   * 3 for RGB, 1 for grey, 4 for RGB and the alpha channel, 255 where a file has none. The four are treated alike, so
   * that the fourth may hold anything. @defaultValue 3
   */
  readonly channels?: 1 | 3 | 4;
  /** Images of more pixels are refused before they are decoded. @defaultValue 100,000,000 */
  readonly maxPixels?: number;
  /**
   * `"error"`: a broken archive is an error now, a broken image when it is read. `"skip"`: what a damaged archive
   * still holds is used, and `cacheDecoded` leaves broken images out; both are listed in `skipped`.
   * @defaultValue "error"
   */
  readonly onBroken?: BrokenPolicy;
  /** Which of the built-in `shapes`; files are told apart by their paths instead. @defaultValue "train" */
  readonly split?: "train" | "test";
  /** Seed of the built-in `shapes`, an integer >= 0. @defaultValue 0 */
  readonly seed?: number;
}

/** Options with their defaults, and checked. */
export interface ResolvedOpenOptions {
  readonly format: DatasetFormat | undefined;
  readonly pattern: string | undefined;
  readonly labels: string | undefined;
  readonly limit: number;
  readonly channels: 1 | 3 | 4;
  readonly maxPixels: number;
  readonly onBroken: BrokenPolicy;
  readonly split: "train" | "test";
  readonly seed: number;
}

export function resolveOpenOptions(options: OpenOptions): ResolvedOpenOptions {
  const { format, pattern, labels, limit, channels = 3, maxPixels = 100_000_000, onBroken = "error" } = options;
  const { split = "train", seed = 0 } = options;
  if (format !== undefined) checkChoice("openDataset", { format }, ["tar", "folder", "shapes"]);
  if (limit !== undefined) checkInteger("openDataset", { limit }, 1);
  checkInteger("openDataset", { maxPixels }, 1);
  checkChoice("openDataset", { onBroken }, ["error", "skip"]);
  checkChoice("openDataset", { split }, ["train", "test"]);
  checkInteger("openDataset", { seed });
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new InvalidArgumentError(
      `openDataset: \`channels\` must be 1, 3 or 4; received ${String(channels)}. For other images define a data set with defineDataset.`,
      { subject: "channels", expected: "1, 3 or 4", received: String(channels) },
    );
  return {
    format,
    pattern,
    labels,
    limit: limit ?? Number.POSITIVE_INFINITY,
    channels,
    maxPixels,
    onBroken,
    split,
    seed,
  };
}
