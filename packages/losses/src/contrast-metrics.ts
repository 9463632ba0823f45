import { checkPositive } from "@simclr/core";
import { l2Normalize, mapRowBlocks } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { checkViews } from "./check-views.js";
import { NEEDS_NEGATIVES } from "./nt-xent.js";
import { rowsPerBlock } from "./row-blocks.js";

/** Added to a probability before its logarithm, as in the reference implementation. */
const LOG_FLOOR = 1e-8;

export interface ContrastMetricsOptions {
  /** Softmax temperature τ, > 0, unitless. @defaultValue 0.1 */
  readonly temperature?: number;
}

export interface ContrastMetrics {
  /** Fraction of images whose second view is nearest to their first among all second views, in [0, 1]; float32 `[]`. */
  readonly contrastAccuracy: tf.Scalar;
  /** Mean entropy, in nats, of each first view's softmax over the second views, in [0, ln N]; float32 `[]`. */
  readonly contrastEntropy: tf.Scalar;
}

/**
 * How well the two views of an image find each other. Both numbers look at N candidates, the second views, and not
 * at the negatives from the same view.
 *
 * @param z1 - Projections of the first views, float32 `[N, D]`, N >= 2. Not disposed.
 * @param z2 - Projections of the second views, float32 `[N, D]`. Not disposed.
 * @returns Two scalars without a gradient; the caller disposes them.
 * @throws InvalidArgumentError if the shapes differ, N is 1, or τ is not > 0.
 */
export function contrastMetrics(
  z1: tf.Tensor2D,
  z2: tf.Tensor2D,
  options: ContrastMetricsOptions = {},
): ContrastMetrics {
  const { temperature = 0.1 } = options;
  checkViews("contrastMetrics", z1, z2, NEEDS_NEGATIVES);
  checkPositive("contrastMetrics", { temperature });
  const [contrastAccuracy, contrastEntropy] = tf.tidy(() => {
    const rows = contrastRows(l2Normalize(z1), l2Normalize(z2), 0, temperature); // [N, 2]
    return tf.unstack(tf.mean(rows, 0)) as [tf.Scalar, tf.Scalar];
  });
  return { contrastAccuracy, contrastEntropy };
}

/**
 * Of each first view, whether it is nearest to its own second view (1 or 0) and the entropy of its softmax over the
 * candidates: `[A, 2]`.
 *
 * @param first - Normalised first views, `[A, D]`.
 * @param second - Normalised second views, `[C, D]`; row `offset + i` is the partner of row `i` of `first`.
 */
export function contrastRows(
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  offset: number,
  temperature: number,
): tf.Tensor2D {
  const blockSize = rowsPerBlock("contrastMetrics", second.shape[0], undefined);
  return mapRowBlocks(first.shape[0], blockSize, (start, count) => {
    const block = tf.slice2d(first, [start, 0], [count, -1]); // [B, D]
    const cosine = tf.matMul(block, second, false, true); // [B, C]
    const image = tf.range(offset + start, offset + start + count, 1, "int32"); // [B]
    const found = tf.cast(tf.equal(tf.argMax(cosine, 1), image), "float32"); // [B]
    const probability = tf.softmax(tf.div(cosine, temperature)); // [B, C]
    const entropy = tf.neg(tf.sum(tf.mul(probability, tf.log(tf.add(probability, LOG_FLOOR))), 1)); // [B]
    return tf.stack([found, entropy], 1) as tf.Tensor2D; // [B, 2]
  });
}
