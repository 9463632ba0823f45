import * as tf from "@tensorflow/tfjs-core";
import { normalizeRows } from "./normalize-rows.js";
import { checkViews } from "./nt-xent.js";

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
 * @returns Two scalars without a useful gradient; the caller disposes them.
 * @throws InvalidArgumentError if the shapes differ, N is 1, or τ is not > 0.
 */
export function contrastMetrics(
  z1: tf.Tensor2D,
  z2: tf.Tensor2D,
  options: ContrastMetricsOptions = {},
): ContrastMetrics {
  const { temperature = 0.1 } = options;
  checkViews("contrastMetrics", z1, z2, temperature);
  const [contrastAccuracy, contrastEntropy] = tf.tidy((): [tf.Scalar, tf.Scalar] => {
    const cosine = tf.matMul(normalizeRows(z1), normalizeRows(z2), false, true); // [N, N]
    const image = tf.range(0, z1.shape[0], 1, "int32"); // [N]
    const found = tf.equal(tf.argMax(cosine, 1), image); // [N]
    const probability = tf.softmax(tf.div(cosine, temperature)) as tf.Tensor2D; // [N, N]
    const entropy = tf.neg(tf.sum(tf.mul(probability, tf.log(tf.add(probability, LOG_FLOOR))), 1)); // [N]
    return [tf.mean<tf.Scalar>(tf.cast(found, "float32")), tf.mean<tf.Scalar>(entropy)];
  });
  return { contrastAccuracy, contrastEntropy };
}
