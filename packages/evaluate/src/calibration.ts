import { checkInteger, InvalidArgumentError } from "@simclr/core";
import { checkLabels, checkMatrix } from "./labels.js";

/** How far a row of probabilities may sum from 1, for rounding of float32 softmaxes over thousands of classes. */
const SUM_TOLERANCE = 1e-3;

export interface CalibrationOptions {
  /** Probabilities (not logits), row-major [N, C]; every row sums to 1. */
  readonly probabilities: Float32Array;
  /** True classes, [N], each in [0, C). */
  readonly labels: ArrayLike<number>;
  /** C, >= 1. */
  readonly classCount: number;
  /** Bins of equal width that the confidence is sorted into, >= 1. @defaultValue 15 */
  readonly bins?: number;
}

/**
 * The expected calibration error, in [0, 1]: the mean over examples of |accuracy - mean confidence| of the bin that their
 * highest probability falls into. Bins are half-open at their lower end: (0, 1/B], (1/B, 2/B], …
 *
 * @throws InvalidArgumentError if the arrays do not fit, a label is -1, or a row is no probability distribution.
 * @see Guo et al. 2017, arXiv:1706.04599, Eq. 3
 */
export function expectedCalibrationError(options: CalibrationOptions): number {
  const { probabilities, labels, classCount, bins = 15 } = options;
  const where = "expectedCalibrationError";
  checkInteger(where, { classCount }, 1);
  checkInteger(where, { bins }, 1);
  const rows = checkMatrix(where, { probabilities }, classCount);
  checkLabels(where, { labels }, rows, classCount);
  /** Right predictions minus summed confidence, per bin: its size is examples · |accuracy - confidence|. */
  const gaps = new Float64Array(bins);
  for (let row = 0; row < rows; row++) {
    const distribution = probabilities.subarray(row * classCount, (row + 1) * classCount);
    checkDistribution(where, distribution, row);
    const confidence = distribution.reduce((a, b) => Math.max(a, b));
    const bin = Math.min(Math.max(Math.ceil(confidence * bins) - 1, 0), bins - 1);
    const right = distribution.indexOf(confidence) === labels[row] ? 1 : 0;
    gaps[bin]! += right - confidence;
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / rows;
}

function checkDistribution(where: string, distribution: Float32Array, row: number): void {
  const sum = distribution.reduce((a, b) => a + b, 0);
  const least = distribution.reduce((a, b) => Math.min(a, b));
  if (Math.abs(sum - 1) <= SUM_TOLERANCE && least >= 0) return;
  throw new InvalidArgumentError(
    `${where}: row ${row} of \`probabilities\` must be >= 0 and sum to 1; received a least entry of ${least} and a sum of ` +
      `${sum}. Pass a softmax, not logits.`,
    { subject: `probabilities, row ${row}`, expected: "a distribution", received: `least entry ${least}, sum ${sum}` },
  );
}
