import { checkChoice, checkInteger, InvalidArgumentError } from "@simclr/core";
import type { BrokenPolicy } from "./encoded-dataset.js";

/** The layouts that `openDataset` reads, by name. */
export const DATASET_FORMATS = [
  "folder",
  "splits",
  "manifest",
  "tar",
  "parquet",
  "cifar10",
  "cifar100",
  "stl10",
  "npy",
  "shapes",
] as const;

/** The layouts that `openDataset` reads. */
export type DatasetFormat = (typeof DATASET_FORMATS)[number];

/** The parts that a data set may bring, by name. */
export const DATASET_SPLITS = ["train", "validation", "test", "unlabelled", "train+unlabelled"] as const;

/** Part of a data set that brings its own. */
export type DatasetSplit = (typeof DATASET_SPLITS)[number];

const LAYOUTS = ["NHWC", "NCHW"] as const;

/** Names of columns, JSON keys or arrays. */
export interface DatasetColumns {
  /** Where images are: a path, a struct of bytes, or an array. */
  readonly image?: string;
  /** Where classes are. */
  readonly label?: string;
}

export interface OpenOptions {
  /** The layout; found out by looking at the path where not given. */
  readonly format?: DatasetFormat;
  /** Which files of a folder are its shards: `train-*.tar`, `train-{0..4}.parquet`. @defaultValue all of them */
  readonly pattern?: string;
  /**
   * A file that says which images are labelled; replaces classes from folders. For folders and archives a CSV file
   * with the header `file,label`; for `"splits"` the classes of a flat `val/`; for `"npy"` an array of integers.
   */
  readonly labels?: string;
  /** Use the first so many images only. Class indices stay those of the whole data set. */
  readonly limit?: number;
  /**
   * 3 for RGB, 1 for grey, 4 for RGB and the alpha channel, 255 where a file has none. The four are treated alike, so
   * that the fourth may hold anything. Arrays and binaries have the channels that they have. @defaultValue 3
   */
  readonly channels?: 1 | 3 | 4;
  /** Images of more pixels are refused before they are decoded. @defaultValue 100,000,000 */
  readonly maxPixels?: number;
  /**
   * What shows through where an image is transparent: red, green and blue in [0, 255]. Needs `channels` 1 or 3.
   * @defaultValue alpha is dropped, and the colours stored beneath it show, as with Pillow's `convert("RGB")`
   */
  readonly background?: readonly [red: number, green: number, blue: number];
  /**
   * `"error"`: a broken archive is an error now, a broken image when it is read. `"skip"`: what a damaged archive
   * still holds is used, and `cacheDecoded` leaves broken images out; both are listed in `skipped`.
   * @defaultValue "error"
   */
  readonly onBroken?: BrokenPolicy;
  /** Which part of CIFAR, STL-10, arrays, `"splits"` folders and the built-in `shapes`. @defaultValue "train" */
  readonly split?: DatasetSplit;
  /** Seed of the built-in `shapes`, an integer >= 0. @defaultValue 0 */
  readonly seed?: number;
  /** The classes in the order of their indices. A class that is not among them is an error. @defaultValue those found */
  readonly classNames?: readonly string[];
  /** Columns of manifests and Parquet files, keys of WebDataset's JSON, arrays of `.npz`. @defaultValue the usual names */
  readonly columns?: DatasetColumns;
  /**
   * The values of an array that become 0 and 255; a value outside is an error. @defaultValue [0, 1] for floats, all
   * that the type holds for unsigned integers; signed integers need it
   */
  readonly range?: readonly [low: number, high: number];
  /** Order of the dimensions of an array of images. @defaultValue "NHWC" */
  readonly layout?: "NHWC" | "NCHW";
  /** Where files of URLs are kept. @defaultValue `simclr` in `$XDG_CACHE_HOME`, else in `~/.cache` */
  readonly cacheFolder?: string;
}

/** Options with their defaults, and checked. */
export interface ResolvedOpenOptions {
  readonly format: DatasetFormat | undefined;
  readonly pattern: string | undefined;
  readonly labels: string | undefined;
  readonly limit: number;
  readonly channels: 1 | 3 | 4;
  readonly maxPixels: number;
  readonly background: readonly [number, number, number] | undefined;
  readonly onBroken: BrokenPolicy;
  readonly split: DatasetSplit;
  readonly seed: number;
  readonly classNames: readonly string[] | undefined;
  readonly columns: DatasetColumns;
  readonly range: readonly [number, number] | undefined;
  readonly layout: "NHWC" | "NCHW" | undefined;
  readonly cacheFolder: string | undefined;
}

export function resolveOpenOptions(options: OpenOptions): ResolvedOpenOptions {
  const { format, pattern, labels, limit, channels = 3, maxPixels = 100_000_000, onBroken = "error" } = options;
  const { split = "train", seed = 0, columns = {}, layout, background, range, classNames } = options;
  if (format !== undefined) checkChoice("openDataset", { format }, DATASET_FORMATS);
  if (limit !== undefined) checkInteger("openDataset", { limit }, 1);
  checkInteger("openDataset", { maxPixels }, 1);
  checkChoice("openDataset", { onBroken }, ["error", "skip"]);
  checkChoice("openDataset", { split }, DATASET_SPLITS);
  if (layout !== undefined) checkChoice("openDataset", { layout }, LAYOUTS);
  checkInteger("openDataset", { seed });
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new InvalidArgumentError(
      `openDataset: \`channels\` must be 1, 3 or 4; received ${String(channels)}. For other images define a data set with defineDataset.`,
      { subject: "channels", expected: "1, 3 or 4", received: String(channels) },
    );
  if (background !== undefined) checkBackground(background, channels);
  if (range !== undefined) checkRange(range);
  if (classNames !== undefined) checkClassNames(classNames);
  return {
    format,
    pattern,
    labels,
    limit: limit ?? Number.POSITIVE_INFINITY,
    channels,
    maxPixels,
    background,
    onBroken,
    split,
    seed,
    classNames,
    columns,
    range,
    layout,
    cacheFolder: options.cacheFolder,
  };
}

function checkBackground(background: readonly number[], channels: number): void {
  if (background.length !== 3 || !background.every((value) => Number.isInteger(value) && value >= 0 && value <= 255))
    throw refused("background", "three integers in [0, 255]: red, green and blue", `[${background.join(", ")}]`);
  if (channels === 4)
    throw refused("background", "left out with channels 4, which keep the alpha channel", `[${background.join(", ")}]`);
}

function checkRange(range: readonly number[]): void {
  if (range.length !== 2 || !range.every(Number.isFinite) || !(range[0]! < range[1]!))
    throw refused("range", "[low, high] with low < high, both finite", `[${range.join(", ")}]`);
}

function checkClassNames(names: readonly string[]): void {
  if (names.length === 0 || names.some((name) => typeof name !== "string" || name === ""))
    throw refused("classNames", "a list of names, none of them empty", JSON.stringify(names));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw refused("classNames", "without duplicates", `"${twice}" twice`);
}

function refused(name: string, expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `openDataset: \`${name}\` must be ${expected}; received ${received}. Correct or leave out \`${name}\`.`,
    { subject: name, expected, received },
  );
}
