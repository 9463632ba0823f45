import type { SkippedImage } from "./encoded-dataset.js";

/** Height and width of one image, by name. */
export interface SizedImage {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/** What one data set holds. */
export interface CheckedDataset {
  readonly name: string;
  /** Broken ones included. */
  readonly images: number;
  readonly labelled: number;
  readonly classes: readonly { readonly name: string; readonly images: number }[];
  /** Images of the largest class for each one of the smallest that has any; null with fewer than two classes. */
  readonly imbalance: number | null;
  /** Of sound images; null if there are none. */
  readonly sizes: {
    readonly smallest: SizedImage;
    readonly largest: SizedImage;
    /** Pixels of the shorter side: at the ends, in the middle, and what 5 % are below and above. */
    readonly shorterSide: {
      readonly min: number;
      readonly p5: number;
      readonly median: number;
      readonly p95: number;
      readonly max: number;
    };
    /** Different sizes. */
    readonly distinct: number;
    /** The most frequent, at most five. */
    readonly common: readonly { readonly width: number; readonly height: number; readonly images: number }[];
  } | null;
  /** How images are stored, the most frequent first: `jpeg srgb`, `png srgb with alpha`. */
  readonly kinds: readonly { readonly kind: string; readonly images: number }[];
  /** Images and archives that cannot be read. */
  readonly broken: readonly SkippedImage[];
  /** Files that are no images, and so not used; at most a hundred. */
  readonly ignored: readonly string[];
  readonly ignoredCount: number;
}

/** Images whose pixels are the same. */
export interface DuplicateGroup {
  readonly images: readonly {
    readonly dataset: string;
    readonly id: string;
    /** Null where it is not known. */
    readonly label: string | null;
  }[];
  /** Whether they have more than one class. */
  readonly labelsDiffer: boolean;
  /** Whether they are in more than one data set, such as training and test images. */
  readonly acrossDatasets: boolean;
}

/** What `checkDatasets` found. */
export interface DatasetCheck {
  readonly formatVersion: 1;
  readonly datasets: readonly CheckedDataset[];
  readonly duplicates: readonly DuplicateGroup[];
  /** What spoils a training or a measurement: broken images, an image with two labels or in two data sets. */
  readonly problems: readonly string[];
  /** What is worth knowing. */
  readonly notes: readonly string[];
}
