import type { RawImage } from "@simclr/core";

/** One measured accuracy: a method, the labels it was given, and what it was tested on. */
export interface AccuracyRow {
  /** For people: "fine-tuned", "supervised from scratch". */
  readonly method: string;
  /** How many labels the method saw: "100 (10 a class)". Rows with the same text form one group. */
  readonly labels: string;
  /** Share of the test images whose first guess is right, in [0, 1]. */
  readonly top1: number;
  /** Number of test images, >= 1. */
  readonly testCount: number;
  /** How it was trained and tested, in a few words; may be empty. */
  readonly protocol: string;
  /** The row that the others with the same `labels` are compared with; at most one a group. */
  readonly isBaseline?: boolean;
  /** Of the same test images: how many this method has right and the baseline wrong, and the other way round. */
  readonly againstBaseline?: { readonly gained: number; readonly lost: number };
}

/** A value followed over the steps of one stage. */
export interface Curve {
  /** "pretrain", "finetune", "distill"; curves of one stage are shown together. */
  readonly stage: string;
  /** What is drawn: "NT-Xent loss". */
  readonly metric: string;
  /** "nats"; left out where there is none. */
  readonly unit?: string;
  /** Finite values, steps not decreasing. Any number of them: at most 500 are drawn. */
  readonly points: readonly CurvePoint[];
  /** Which of its values is told as the best. @defaultValue "lowest" */
  readonly best?: "lowest" | "highest";
  /** A level to compare with, such as the loss of guessing. */
  readonly reference?: { readonly value: number; readonly label: string };
}

export interface CurvePoint {
  readonly step: number;
  readonly value: number;
}

/** A few images beside their augmented views: as images, or as the picture that `viewSheet` draws of them. */
export type AugmentedViews = ViewImages | ViewSheet;

export interface ViewImages {
  /** Images of 1 (grey), 3 (RGB) or 4 (RGBA) channels. */
  readonly original: readonly RawImage[];
  /** [image][view]; every image has the same number of views. */
  readonly views: readonly (readonly RawImage[])[];
  readonly caption: string;
}

/** Images above their views, drawn. */
export interface ViewSheet {
  readonly png: Uint8Array;
  readonly imageCount: number;
  /** Of each image. */
  readonly viewCount: number;
  readonly caption: string;
}

/** One fact about how hard the data set is, with the limit it was held to. */
export interface CalibrationCheck {
  readonly check: string;
  /** In `unit`, finite. */
  readonly value: number;
  /** "%" or "points"; left out where there is none. */
  readonly unit?: string;
  /** For people: "at most 30 %". */
  readonly limit: string;
  readonly passed: boolean;
}

/** How often each class was taken for each other one. */
export interface Confusion {
  readonly title: string;
  readonly classNames: readonly string[];
  /** Image counts, [true class][predicted class]. */
  readonly matrix: readonly (readonly number[])[];
  /** Images of the worst confusions, the worst first. */
  readonly examples?: readonly ConfusedImages[];
}

/** Images of one class that were taken for another. */
export interface ConfusedImages {
  /** Indices of the classes. */
  readonly truth: number;
  readonly predicted: number;
  readonly images: readonly ShownImage[];
}

/** Small pictures in one file, row by row from the left; everything on the page shows its images out of it. */
export interface Thumbnails {
  readonly file: Uint8Array;
  readonly mediaType: "image/jpeg" | "image/png";
  /** Edge of each square tile, in pixels. */
  readonly tilePx: number;
  readonly columns: number;
  /** Tiles. */
  readonly count: number;
}

/** An image by its place among the `thumbnails`, and its name for people. */
export interface ShownImage {
  readonly tile: number;
  readonly name: string;
}

/** A map of images in the plane: near ones look alike to the network. */
export interface EmbeddingMap {
  /** What is shown, and by what it was placed: "300 test images by the pretrained encoder". */
  readonly title: string;
  readonly classNames: readonly string[];
  readonly points: readonly MapPoint[];
}

export interface MapPoint extends ShownImage {
  /** Place, in [0, 1], from the left and from the top. */
  readonly x: number;
  readonly y: number;
  /** Index of its class. */
  readonly label: number;
}

/** Images and those most like them. */
export interface NeighbourSheet {
  readonly title: string;
  readonly rows: readonly NeighbourRow[];
}

export interface NeighbourRow {
  readonly query: LabelledImage;
  /** The nearest first; every row has the same number. */
  readonly neighbours: readonly (LabelledImage & { readonly similarity: number })[];
}

export interface LabelledImage extends ShownImage {
  /** Name of its class; undefined where it is not known. */
  readonly label: string | undefined;
}

/** How often a classifier is right, by how sure it is. */
export interface Reliability {
  readonly title: string;
  /** Bins of equal widths, from 0 to 1; empty ones have a count of 0. */
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error, in [0, 1]. */
  readonly error: number;
}

/** The examples whose highest probability lies in (low, high]. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean of their highest probabilities, in [0, 1]. */
  readonly confidence: number;
  /** Share of them that are right, in [0, 1]. */
  readonly accuracy: number;
}

/** A student beside its teacher; shares are in [0, 1]. */
export interface TeacherStudent {
  /** Who: "self, 60 (6 a class) labels". */
  readonly title: string;
  /** How often each is right, by kind of image; left out where it is not known. */
  readonly right: readonly { readonly images: string; readonly teacher?: number; readonly student?: number }[];
  /** How often both give the same answer, by kind of image. */
  readonly agreement: readonly { readonly images: string; readonly share: number }[];
  /** Of the test images; the four sum to 1. */
  readonly outcomes: {
    readonly bothRight: number;
    readonly onlyStudent: number;
    readonly onlyTeacher: number;
    readonly bothWrong: number;
  };
}

/** The accuracy of one method with so many labels. */
export interface EfficiencyPoint {
  readonly method: string;
  /** Labels that the method saw, >= 1. */
  readonly labelCount: number;
  /** In [0, 1]. */
  readonly top1: number;
  readonly testCount: number;
}

/** Accuracy of each class on its own. */
export interface ClassAccuracies {
  readonly title: string;
  readonly classes: readonly ClassAccuracy[];
}

export interface ClassAccuracy {
  readonly className: string;
  /** Share of this class's test images that were recognised, in [0, 1]. */
  readonly top1: number;
  /** Test images of this class, >= 1. */
  readonly testCount: number;
}

/** One named fact; numbers are shown with four significant digits. */
export interface Fact {
  readonly name: string;
  readonly value: string | number;
}

/** Everything the report of a run shows. Text is shown as it is: nothing in it is read as HTML. */
export interface ReportData {
  readonly title: string;
  /** ISO 8601 time at which the run ended, or of what is shown of one that has not. */
  readonly createdAt: string;
  /** Where a run stands that has not ended: "pretraining: step 120 of 400". */
  readonly status?: string;
  /** The answer in one sentence; made from `accuracy` where it is left out. */
  readonly headline?: string;
  readonly accuracy: readonly AccuracyRow[];
  readonly curves: readonly Curve[];
  readonly views?: AugmentedViews;
  /** Facts that say how hard the data set is. */
  readonly calibration?: readonly CalibrationCheck[];
  readonly confusion?: Confusion;
  /** Taken from `confusion` where it is left out. */
  readonly perClass?: ClassAccuracies;
  /** Out of which `map`, `neighbours` and the examples of `confusion` show their images. */
  readonly thumbnails?: Thumbnails;
  readonly map?: EmbeddingMap;
  readonly neighbours?: NeighbourSheet;
  readonly reliability?: readonly Reliability[];
  /** Drawn where a method was measured with two numbers of labels or more. */
  readonly labelEfficiency?: readonly EfficiencyPoint[];
  /** Teachers and students, by student. */
  readonly distillation?: readonly TeacherStudent[];
  /** Said of the distillations beside the figures: entropies. */
  readonly distillationFacts?: readonly Fact[];
  /** Versions, backend, seed, time, memory. */
  readonly facts: readonly Fact[];
  /** The resolved configuration, YAML. */
  readonly config: string;
  /** Images that could not be read, one line each; an empty list says that there were none. */
  readonly skipped?: readonly string[];
}
