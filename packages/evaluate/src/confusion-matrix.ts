import { checkInteger } from "@simclr/core";
import { checkLabels } from "./labels.js";

/**
 * How often each class was taken for each other.
 *
 * @param predicted - Class indices, `[N]`.
 * @param labels - True classes, `[N]`.
 * @returns Counts, row-major `[C, C]`: row = true class, column = predicted class.
 * @throws InvalidArgumentError if the lengths differ, or an entry is no class (such as -1, unlabelled).
 */
export function confusionMatrix(
  predicted: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
): Int32Array {
  checkInteger("confusionMatrix", { classCount }, 1);
  checkLabels("confusionMatrix", { labels }, labels.length, classCount);
  checkLabels("confusionMatrix", { predicted }, labels.length, classCount);
  const counts = new Int32Array(classCount * classCount);
  for (let i = 0; i < labels.length; i++) counts[labels[i]! * classCount + predicted[i]!]!++;
  return counts;
}

/**
 * The accuracy within each class, in [0, 1].
 *
 * @param predicted - Class indices, `[N]`.
 * @param labels - True classes, `[N]`.
 * @returns One number a class, `[C]`; `undefined` for a class without examples.
 * @throws InvalidArgumentError as `confusionMatrix`.
 */
export function perClassAccuracy(
  predicted: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
): (number | undefined)[] {
  const counts = confusionMatrix(predicted, labels, classCount);
  return Array.from({ length: classCount }, (_, c) => {
    const row = counts.subarray(c * classCount, (c + 1) * classCount);
    const examples = row.reduce((sum, count) => sum + count, 0);
    return examples === 0 ? undefined : row[c]! / examples;
  });
}
