import * as tf from "@tensorflow/tfjs-core";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";
import { mapRowBlocks } from "./row-blocks.js";

/**
 * Kernel a backend may register for `similarityLogSums`: inputs `anchors`, `candidates`; attributes `offset`,
 * `temperature`, `blockSize`; the log sums `[A, 1]`.
 */
export const SIMILARITY_LOG_SUMS_KERNEL = "SimclrSimilarityLogSums";
/**
 * Kernel a backend may register for `similarityRepulsion`: inputs `anchors`, `candidates`, `anchorLogSums`,
 * `candidateLogSums`, and the attributes of `SimclrSimilarityLogSums`; the sums `[A, D]`.
 */
export const SIMILARITY_REPULSION_KERNEL = "SimclrSimilarityRepulsion";

/** Added to the logits of self-pairs, so that their softmax weight is exactly 0 in float32. */
const MASKED_LOGIT = -1e9;

/** Rows of a similarity matrix: anchors against candidates, among which the anchors are. */
export interface SimilarityRows {
  /** Of length 1, float32 `[A, D]`. */
  readonly anchors: tf.Tensor2D;
  /** Of length 1, float32 `[C, D]`, C >= 2; rows `offset … offset + A - 1` are the anchors. */
  readonly candidates: tf.Tensor2D;
  /** An integer in [0, C - A]. */
  readonly offset: number;
  /** τ, > 0: the logit of a pair is anchor · candidate / τ. */
  readonly temperature: number;
  /** At most so many rows of the matrix exist at once, >= 1. */
  readonly blockSize: number;
}

/**
 * log of the sum of exp(anchor · candidate / τ) over all candidates but the anchor itself.
 *
 * @returns float32 `[A, 1]`, to which no gradient belongs: for the closed-form gradients of contrastive losses. The
 * caller disposes it.
 */
export function similarityLogSums(rows: SimilarityRows): tf.Tensor2D {
  const { anchors, candidates } = rows;
  return constant(() => {
    if (hasNamedKernel(SIMILARITY_LOG_SUMS_KERNEL))
      return runNamedKernel(SIMILARITY_LOG_SUMS_KERNEL, { anchors, candidates }, attributesOf(rows))[0] as tf.Tensor2D;
    return mapRowBlocks(anchors.shape[0], rows.blockSize, (start, count) => {
      const logits = blockLogits(rows, start, count); // [B, C]
      const max = tf.max(logits, 1, true); // [B, 1]
      return tf.add(max, tf.log(tf.sum(tf.exp(tf.sub(logits, max)), 1, true))); // [B, 1]
    });
  });
}

/**
 * The sum over candidates j of (P_ij + P_ji) · candidate j, for each anchor i. P is the softmax of every candidate over
 * all others; the matrix of logits S is symmetric, so P_ji = exp(S_ij - log sum of row j).
 *
 * @param anchorLogSums - `similarityLogSums` of the anchors, `[A, 1]`.
 * @param candidateLogSums - The same of all candidates, `[C, 1]`.
 * @returns float32 `[A, D]`, to which no gradient belongs. The caller disposes it.
 */
export function similarityRepulsion(
  rows: SimilarityRows,
  anchorLogSums: tf.Tensor2D,
  candidateLogSums: tf.Tensor2D,
): tf.Tensor2D {
  const { anchors, candidates } = rows;
  return constant(() => {
    if (hasNamedKernel(SIMILARITY_REPULSION_KERNEL)) {
      const inputs = { anchors, candidates, anchorLogSums, candidateLogSums };
      return runNamedKernel(SIMILARITY_REPULSION_KERNEL, inputs, attributesOf(rows))[0] as tf.Tensor2D;
    }
    return mapRowBlocks(anchors.shape[0], rows.blockSize, (start, count) => {
      const logits = blockLogits(rows, start, count); // [B, C]
      const own = tf.exp(tf.sub(logits, tf.slice2d(anchorLogSums, [start, 0], [count, 1]))); // [B, C]
      const others = tf.exp(tf.sub(logits, tf.reshape(candidateLogSums, [1, -1]))); // [B, C]
      return tf.matMul(tf.add(own, others) as tf.Tensor2D, candidates); // [B, D]
    });
  });
}

const attributesOf = ({ offset, temperature, blockSize }: SimilarityRows) => ({ offset, temperature, blockSize });

/** Runs `f` where the engine records nothing, so that what it makes on the way is freed at once. */
function constant(f: () => tf.Tensor2D): tf.Tensor2D {
  return tf.customGrad(() => ({ value: f(), gradFunc: () => [] }))() as tf.Tensor2D;
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
