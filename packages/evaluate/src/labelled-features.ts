import { checkInteger } from "@simclr/core";
import { checkLabels, checkMatrix } from "./labels.js";

/** Features of two data sets with their labels. */
export interface LabelledFeatures {
  /** Row-major [N, D], finite. */
  readonly trainFeatures: Float32Array;
  /** Class indices, [N]; -1 (unlabelled) is refused. */
  readonly trainLabels: ArrayLike<number>;
  /** Row-major [M, D], finite. */
  readonly testFeatures: Float32Array;
  /** Class indices, [M]; -1 (unlabelled) is refused. */
  readonly testLabels: ArrayLike<number>;
  /** D, >= 1. */
  readonly dimension: number;
  /** C, >= 1. */
  readonly classCount: number;
}

/** Checks sizes, features and labels of both data sets. */
export function checkFeatures(where: string, options: LabelledFeatures): { trainCount: number; testCount: number } {
  const { trainFeatures, trainLabels, testFeatures, testLabels, dimension, classCount } = options;
  checkInteger(where, { dimension }, 1);
  checkInteger(where, { classCount }, 1);
  const trainCount = checkMatrix(where, { trainFeatures }, dimension);
  const testCount = checkMatrix(where, { testFeatures }, dimension);
  checkLabels(where, { trainLabels }, trainCount, classCount);
  checkLabels(where, { testLabels }, testCount, classCount);
  return { trainCount, testCount };
}
