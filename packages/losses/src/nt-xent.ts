import { checkChoice, checkPositive } from "@simclr/core";
import {
  l2Normalize,
  l2NormalizeGradient,
  type SimilarityRows,
  similarityLogSums,
  similarityRepulsion,
} from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { checkViews } from "./check-views.js";
import { offTape } from "./off-tape.js";
import { rowsPerBlock } from "./row-blocks.js";

/** What a batch of one image lacks. */
export const NEEDS_NEGATIVES =
  "The other images of the batch are the negatives, so one image alone has none; use a larger batch.";

export interface NtXentLossOptions {
  /** Softmax temperature τ, > 0, unitless. @defaultValue 0.1 */
  readonly temperature?: number;
  /**
   * `paper`: the mean over all 2N anchors. `reference`: twice that, the value of the official code, which adds the
   * means of the two views.
   *
   * @defaultValue "paper"
   */
  readonly scale?: "paper" | "reference";
  /**
   * Rows of the 2N x 2N similarity matrix that exist at once, an integer >= 1. The result does not depend on it beyond
   * rounding, only the peak of memory does.
   *
   * @defaultValue as many as 16 MiB hold, which is all of them up to 2N = 2,048
   */
  readonly blockSize?: number;
}

/**
 * NT-Xent, the contrastive loss of SimCLR: picks each view's partner out of the batch.
 *
 * Row `i` of `z1` and row `i` of `z2` are two views of image `i`; all other rows are negatives. Rows are
 * L2-normalized here, so pass raw projections.
 *
 * @param z1 - Projections of the first views, float32 `[N, D]`, N >= 2. Not disposed.
 * @param z2 - Projections of the second views, float32 `[N, D]`. Not disposed.
 * @returns The loss in nats, >= 0; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes differ, N is 1, or an option is out of range.
 * @remarks Carries its own gradient, which needs no registered ones. It has no second derivative. Neither pass keeps
 * a part of the similarity matrix: the backward one computes it again, block by block.
 * @see Chen et al. 2020, arXiv:2002.05709, Eq. 1
 */
export function ntXentLoss(z1: tf.Tensor2D, z2: tf.Tensor2D, options: NtXentLossOptions = {}): tf.Scalar {
  const { temperature = 0.1, scale = "paper" } = options;
  checkViews("ntXentLoss", z1, z2, NEEDS_NEGATIVES);
  checkPositive("ntXentLoss", { temperature });
  checkChoice("ntXentLoss", { scale }, ["paper", "reference"]);
  const factor = scale === "reference" ? 2 : 1;
  const blockSize = rowsPerBlock("ntXentLoss", 2 * z1.shape[0], options.blockSize);
  const rowsOf = (z: tf.Tensor2D): SimilarityRows => {
    const unit = l2Normalize(z); // [2N, D]
    return { anchors: unit, candidates: unit, offset: 0, temperature, blockSize };
  };
  return tf.tidy(() => {
    // Made before the node that saves them: the engine takes a saved intermediate for a leak where it looks for leaks.
    const logSums = offTape(() => similarityLogSums(rowsOf(tf.concat2d([z1, z2], 0)))); // [2N, 1]
    const loss = tf.customGrad((first, second, save) => {
      (save as tf.GradSaveFunc)([first as tf.Tensor, second as tf.Tensor, logSums]);
      const value = tf.tidy(() => {
        const unit = l2Normalize(tf.concat2d([first as tf.Tensor2D, second as tf.Tensor2D], 0)); // [2N, D]
        return tf.mul(factor, tf.sub(tf.mean(logSums), meanPositive(unit, temperature))); // []
      });
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
        tf.tidy(() => {
          const z = tf.concat2d([saved[0] as tf.Tensor2D, saved[1] as tf.Tensor2D], 0); // [2N, D]
          const sums = saved[2] as tf.Tensor2D; // [2N, 1]
          return tf.split(tf.mul(tf.mul(dy, factor), anchorGradient(z, rowsOf(z), sums, sums)), 2, 0); // 2 x [N, D]
        });
      return { value, gradFunc };
    });
    return loss(z1, z2) as tf.Scalar;
  });
}

/** The mean logit of the positive pairs among both views `[2N, D]`, normalised; float32 `[]`. */
export function meanPositive(unit: tf.Tensor2D, temperature: number): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.div(tf.sum(tf.mul(unit, swapViews(unit)), 1), temperature))); // []
}

/**
 * Gradient of NT-Xent, the mean over all anchors of all ranks, times the number of ranks. With S = z·zᵀ/τ masked on its
 * diagonal, P its row-wise softmax and T the partner matrix, dL/dS = (P - T) / 2N, so
 * dL/dz = ((P + Pᵀ)·z - 2·T·z) / 2Nτ; T is symmetric and swaps the views.
 *
 * @param z - Both views of this rank before normalisation, `[2n, D]`; `rows.anchors` are the same, normalised.
 */
export function anchorGradient(
  z: tf.Tensor2D,
  rows: SimilarityRows,
  anchorLogSums: tf.Tensor2D,
  candidateLogSums: tf.Tensor2D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const attracted = tf.mul(2, swapViews(rows.anchors)); // [2n, D]
    const difference = tf.sub(similarityRepulsion(rows, anchorLogSums, candidateLogSums), attracted); // [2n, D]
    const dUnit = tf.div(difference, z.shape[0] * rows.temperature) as tf.Tensor2D; // [2n, D]
    return l2NormalizeGradient(z, dUnit); // [2n, D]
  });
}

/** Rows of view 2 before those of view 1: every row's partner, `[2N, D]`. */
export function swapViews(rows: tf.Tensor2D): tf.Tensor2D {
  const [first, second] = tf.split(rows, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
  return tf.concat2d([second, first], 0);
}
