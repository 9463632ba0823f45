import { checkInteger } from "@simclr/core";
import { checkLabels, checkMatrix } from "./labels.js";

/** Scores of a test set: one row an example, one column a class. */
export interface ScoredExamples {
  /** Logits or probabilities, row-major [N, C], finite. */
  readonly scores: Float32Array;
  /** True classes, [N], each in [0, C). */
  readonly labels: ArrayLike<number>;
  /** C, >= 1. */
  readonly classCount: number;
}

/**
 * The class of the highest score of every row; of equal ones the lowest class.
 *
 * @param scores - Logits or probabilities, row-major `[N, C]`, finite.
 * @returns Class indices, `[N]`.
 * @throws InvalidArgumentError if the scores do not fill rows of `classCount`, or are not finite.
 */
export function predictions(scores: Float32Array, classCount: number): Int32Array {
  checkInteger("predictions", { classCount }, 1);
  const rows = checkMatrix("predictions", { scores }, classCount);
  return Int32Array.from({ length: rows }, (_, row) => {
    const start = row * classCount;
    let best = 0;
    for (let c = 1; c < classCount; c++) if (scores[start + c]! > scores[start + best]!) best = c;
    return best;
  });
}

/**
 * The fraction of predictions that equal their label, in [0, 1]. For scores, pass `predictions(scores, classCount)`.
 *
 * @throws InvalidArgumentError if there are none, the lengths differ, or a label is -1.
 */
export function accuracy(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  const rows = checkMatrix("accuracy", { predicted }, 1);
  checkLabels("accuracy", { labels }, rows, Number.MAX_SAFE_INTEGER);
  let right = 0;
  for (let i = 0; i < rows; i++) if (predicted[i] === labels[i]) right++;
  return right / rows;
}

/**
 * The fraction of examples whose class is among the `k` highest scores, in [0, 1]; of equal scores the lowest classes
 * come first, so that `topK` with k = 1 is the accuracy of `predictions`.
 *
 * @param examples - `k` >= 1; with k >= C the answer is 1.
 * @throws InvalidArgumentError if the arrays do not fit, a score is not finite or a label is -1.
 */
export function topK(examples: ScoredExamples & { readonly k: number }): number {
  const { scores, labels, classCount, k } = examples;
  checkInteger("topK", { classCount }, 1);
  checkInteger("topK", { k }, 1);
  const rows = checkMatrix("topK", { scores }, classCount);
  checkLabels("topK", { labels }, rows, classCount);
  let right = 0;
  for (let row = 0; row < rows; row++) {
    const start = row * classCount;
    const label = labels[row]!;
    const score = scores[start + label]!;
    let ahead = 0;
    for (let c = 0; c < classCount; c++) {
      const other = scores[start + c]!;
      if (other > score || (other === score && c < label)) ahead++;
    }
    if (ahead < k) right++;
  }
  return right / rows;
}
