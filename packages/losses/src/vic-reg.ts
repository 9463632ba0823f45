import { checkInRange, checkPositive } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkViews } from "./check-views.js";

/** Added to a variance before its root, as in the paper. */
const EPSILON = 1e-4;

export interface VicRegOptions {
  /** Weight λ of the distance between the views, >= 0. @defaultValue 25 */
  readonly invarianceWeight?: number;
  /** Weight μ of the variance hinge, >= 0. @defaultValue 25 */
  readonly varianceWeight?: number;
  /** Weight ν of the covariance term, >= 0. @defaultValue 1 */
  readonly covarianceWeight?: number;
  /** Standard deviation γ that every component should reach, > 0. @defaultValue 1 */
  readonly targetDeviation?: number;
}

/**
 * The loss of VICReg: invariance (the views are near), variance (no component is constant) and covariance (no two
 * components say the same). Projections are not normalised, and the views need not come from the same network.
 *
 * @param z1 - Projections of the first views, float32 `[N, D]`, N >= 2. Not disposed.
 * @param z2 - Projections of the second views, float32 `[N, D]`. Not disposed.
 * @returns The weighted sum of the three terms, >= 0; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes differ, N is 1, or an option is out of range.
 * @remarks As Algorithm 1 of the paper: the invariance term is the mean over N and D, where Eq. 5 has no 1/D. The
 * official code halves the variance term. Variance and covariance divide by N - 1.
 * @see Bardes et al. 2021, arXiv:2105.04906, Eq. 6 and Algorithm 1
 */
export function vicReg(z1: tf.Tensor2D, z2: tf.Tensor2D, options: VicRegOptions = {}): tf.Scalar {
  const { invarianceWeight = 25, varianceWeight = 25, covarianceWeight = 1, targetDeviation = 1 } = options;
  checkViews("vicReg", z1, z2, "A variance needs several images; use a larger batch.");
  for (const weight of Object.entries({ invarianceWeight, varianceWeight, covarianceWeight }))
    checkInRange("vicReg", Object.fromEntries([weight]), 0, Number.MAX_VALUE);
  checkPositive("vicReg", { targetDeviation });
  return tf.tidy(() => {
    const invariance = tf.mean(tf.square(tf.sub(z1, z2))); // []
    const [first, second] = [spread(z1, targetDeviation), spread(z2, targetDeviation)];
    const variance = tf.add(first.hinge, second.hinge); // []
    const covariance = tf.add(first.covariance, second.covariance); // []
    const regularisation = tf.add(tf.mul(varianceWeight, variance), tf.mul(covarianceWeight, covariance)); // []
    return tf.add<tf.Scalar>(tf.mul(invarianceWeight, invariance), regularisation); // []
  });
}

/** Mean of max(0, γ - deviation) over components, and the sum of squared covariances of different ones over D. */
function spread(z: tf.Tensor2D, targetDeviation: number): { hinge: tf.Tensor; covariance: tf.Tensor } {
  const [images, dimension] = z.shape;
  const centered = tf.sub(z, tf.mean(z, 0, true)) as tf.Tensor2D; // [N, D]
  const matrix = tf.div(tf.matMul(centered, centered, true), images - 1); // [D, D]
  const variance = tf.div(tf.sum(tf.square(centered), 0), images - 1); // [D]
  const hinge = tf.mean(tf.relu(tf.sub(targetDeviation, tf.sqrt(tf.add(variance, EPSILON))))); // []
  const different = tf.sub(1, tf.eye(dimension)); // [D, D]
  return { hinge, covariance: tf.div(tf.sum(tf.square(tf.mul(matrix, different))), dimension) };
}
