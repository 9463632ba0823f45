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
  /** A level to compare with, such as the loss of guessing. */
  readonly reference?: { readonly value: number; readonly label: string };
}

export interface CurvePoint {
  readonly step: number;
  readonly value: number;
}

/** A few images beside their augmented views. */
export interface AugmentedViews {
  /** Images of 1 (grey), 3 (RGB) or 4 (RGBA) channels. */
  readonly original: readonly RawImage[];
  /** [image][view]; every image has the same number of views. */
  readonly views: readonly (readonly RawImage[])[];
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
  /** ISO 8601 time at which the run ended. */
  readonly createdAt: string;
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
  /** What student and teacher have in common: agreement, entropies. */
  readonly distillation?: readonly Fact[];
  /** Versions, backend, seed, time, memory. */
  readonly facts: readonly Fact[];
  /** The resolved configuration, YAML. */
  readonly config: string;
  /** Images that could not be read, one line each; an empty list says that there were none. */
  readonly skipped?: readonly string[];
}
