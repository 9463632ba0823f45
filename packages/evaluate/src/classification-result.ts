import { accuracy, predictions, topK } from "./accuracy.js";

/** What an evaluation found, and how. */
export interface ClassificationResult {
  /** The procedure with its parameters, for tables. */
  readonly protocol: string;
  /** Fraction of test images that were classified right, in [0, 1]. */
  readonly top1: number;
  /** Fraction whose class was among the five best, in [0, 1]. */
  readonly top5: number;
  /** Predicted classes, [M]. */
  readonly predictions: Int32Array;
  /** Score of every class, row-major [M, C]: a share of the votes (kNN) or a logit (linear probe). */
  readonly scores: Float32Array;
}

/** Compares the scores of test images with their labels. */
export function classificationResult(
  protocol: string,
  scores: Float32Array,
  labels: ArrayLike<number>,
  classCount: number,
): ClassificationResult {
  const predicted = predictions(scores, classCount);
  return {
    protocol,
    top1: accuracy(predicted, labels),
    top5: topK({ scores, labels, classCount, k: 5 }),
    predictions: predicted,
    scores,
  };
}
