import { checkInRange } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkViews } from "./check-views.js";

/** Added to a variance before its root, as batch norm does in the official code. */
const EPSILON = 1e-5;

export interface BarlowTwinsOptions {
  /** Weight λ of the off-diagonal terms, >= 0. @defaultValue 0.005 */
  readonly redundancyWeight?: number;
}

/**
 * The loss of Barlow Twins: pulls the correlation matrix of two views towards the identity. Its diagonal makes the
 * views agree, the rest makes the D components say different things. It has no negatives and needs no large batch, but
 * gains from a wide projection (the paper: 8,192).
 *
 * @param z1 - Projections of the first views, float32 `[N, D]`, N >= 2; standardised here, by column. Not disposed.
 * @param z2 - Projections of the second views, float32 `[N, D]`. Not disposed.
 * @returns sum of (1 - C_ii)² + λ · sum of C_ij² over i ≠ j, >= 0; it grows with D. float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes differ, N is 1, or λ is not >= 0.
 * @see Zbontar et al. 2021, arXiv:2103.03230, Eq. 1
 */
export function barlowTwins(z1: tf.Tensor2D, z2: tf.Tensor2D, options: BarlowTwinsOptions = {}): tf.Scalar {
  const { redundancyWeight = 0.005 } = options;
  checkViews("barlowTwins", z1, z2, "A correlation needs several images; use a larger batch.");
  checkInRange("barlowTwins", { redundancyWeight }, 0, Number.MAX_VALUE);
  const [images, dimension] = z1.shape;
  return tf.tidy(() => {
    const correlation = tf.div(tf.matMul(standardize(z1), standardize(z2), true), images); // [D, D]
    const identity = tf.eye(dimension); // [D, D]
    const weights = tf.add(tf.mul(identity, 1 - redundancyWeight), redundancyWeight); // [D, D]
    return tf.sum<tf.Scalar>(tf.mul(weights, tf.square(tf.sub(correlation, identity)))); // []
  });
}

/** Columns of mean 0 and biased variance 1, `[N, D]`; a column that is constant becomes 0. */
function standardize(z: tf.Tensor2D): tf.Tensor2D {
  const centered = tf.sub(z, tf.mean(z, 0, true)); // [N, D]
  const variance = tf.mean(tf.square(centered), 0, true); // [1, D]
  return tf.mul(centered, tf.rsqrt(tf.add(variance, EPSILON))); // [N, D]
}
