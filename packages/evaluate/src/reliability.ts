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

/** The examples whose highest probability falls into one bin. */
export interface ReliabilityBin {
  /** The bin is (low, high], both in [0, 1]. */
  readonly low: number;
  readonly high: number;
  /** Examples, >= 0. */
  readonly count: number;
  /** Mean of their highest probabilities, in [0, 1]; 0 of no examples. */
  readonly confidence: number;
  /** Share of them that are right, in [0, 1]; 0 of no examples. */
  readonly accuracy: number;
}

/**
 * What a reliability diagram shows: how often a classifier is right, by how sure it is. Bins have equal widths and are half-open at
 * their lower end: (0, 1/B], (1/B, 2/B], …
 *
 * @returns All bins, from the least sure to the surest, empty ones too.
 * @throws InvalidArgumentError if the arrays do not fit, a label is -1, or a row is no probability distribution.
 * @see Guo et al. 2017, arXiv:1706.04599, Eq. 1 and 2
 */
export function reliability(options: CalibrationOptions): readonly ReliabilityBin[] {
  return reliabilityBins("reliability", options);
}

/** @param where - The function that was called, for messages. */
export function reliabilityBins(where: string, options: CalibrationOptions): readonly ReliabilityBin[] {
  const { probabilities, labels, classCount, bins = 15 } = options;
  checkInteger(where, { classCount }, 1);
  checkInteger(where, { bins }, 1);
  const rows = checkMatrix(where, { probabilities }, classCount);
  checkLabels(where, { labels }, rows, classCount);
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (let row = 0; row < rows; row++) {
    const distribution = probabilities.subarray(row * classCount, (row + 1) * classCount);
    checkDistribution(where, distribution, row);
    const confidence = distribution.reduce((a, b) => Math.max(a, b));
    const bin = sums[Math.min(Math.max(Math.ceil(confidence * bins) - 1, 0), bins - 1)]!;
    bin.count += 1;
    bin.confidence += confidence;
    if (distribution.indexOf(confidence) === labels[row]) bin.right += 1;
  }
  return sums.map(({ count, confidence, right }, bin) => ({
    low: bin / bins,
    high: (bin + 1) / bins,
    count,
    confidence: count === 0 ? 0 : confidence / count,
    accuracy: count === 0 ? 0 : right / count,
  }));
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
