import * as tf from "@tensorflow/tfjs-core";
import { mapRowBlocks } from "./row-blocks.js";

/** Added to the logits of self-pairs, so that their softmax weight is exactly 0 in float32. */
const MASKED_LOGIT = -1e9;

/** Rows of a similarity matrix: anchors against candidates, among which the anchors are. */
export interface SimilarityRows {
  /** Normalised, `[A, D]`. */
  readonly anchors: tf.Tensor2D;
  /** Normalised, `[C, D]`; rows `offset … offset + A - 1` are the anchors. */
  readonly candidates: tf.Tensor2D;
  readonly offset: number;
  readonly temperature: number;
  /** At most so many rows of the matrix exist at once. */
  readonly blockSize: number;
}

/** log of the sum of exp(anchor · candidate / τ) over all candidates but the anchor itself, `[A, 1]`. */
export function logSumExpRows(rows: SimilarityRows): tf.Tensor2D {
  return mapRowBlocks(rows.anchors.shape[0], rows.blockSize, (start, count) => {
    const logits = blockLogits(rows, start, count); // [B, C]
    const max = tf.max(logits, 1, true); // [B, 1]
    return tf.add(max, tf.log(tf.sum(tf.exp(tf.sub(logits, max)), 1, true))); // [B, 1]
  });
}

/**
 * The sum over candidates j of (P_ij + P_ji) · candidate j, for each anchor i, `[A, D]`. P is the softmax of every
 * candidate over all others; the matrix of logits S is symmetric, so P_ji = exp(S_ij - logSumExp of row j).
 *
 * @param anchorLogSums - `logSumExpRows` of the anchors, `[A, 1]`.
 * @param candidateLogSums - The same of all candidates, `[C, 1]`.
 */
export function repulsion(
  rows: SimilarityRows,
  anchorLogSums: tf.Tensor2D,
  candidateLogSums: tf.Tensor2D,
): tf.Tensor2D {
  return mapRowBlocks(rows.anchors.shape[0], rows.blockSize, (start, count) => {
    const logits = blockLogits(rows, start, count); // [B, C]
    const own = tf.exp(tf.sub(logits, tf.slice2d(anchorLogSums, [start, 0], [count, 1]))); // [B, C]
    const others = tf.exp(tf.sub(logits, tf.reshape(candidateLogSums, [1, -1]))); // [B, C]
    return tf.matMul(tf.add(own, others) as tf.Tensor2D, rows.candidates); // [B, D]
  });
}

function blockLogits(rows: SimilarityRows, start: number, count: number): tf.Tensor2D {
  const { anchors, candidates, offset, temperature } = rows;
  return tf.tidy(() => {
    const block = tf.slice2d(anchors, [start, 0], [count, -1]); // [B, D]
    const similarity = tf.matMul(tf.div(block, temperature) as tf.Tensor2D, candidates, false, true); // [B, C]
    const self = tf.range(offset + start, offset + start + count, 1, "int32"); // [B]
    return tf.add(similarity, tf.oneHot(self, candidates.shape[0], MASKED_LOGIT, 0, "float32")); // [B, C]
  });
}
