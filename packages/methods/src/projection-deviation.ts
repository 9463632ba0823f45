import * as tf from "@tensorflow/tfjs-core";

/**
 * How far projections are spread: the mean over components of the standard deviation of z / ‖z‖ over the batch, as a
 * multiple of 1/√D. About 1 where the projections point everywhere, 0 where all are the same, which is collapse.
 *
 * @param z - float32 `[N, D]`, N >= 2. Not disposed.
 * @returns float32 `[]`, in [0, 1] up to rounding, without a gradient; the caller disposes it.
 * @see Chen and He 2020, arXiv:2011.10566, section 4.1 and Figure 2, where 1/√D is not divided out
 */
export function projectionDeviation(z: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => {
    const unit = tf.div(z, tf.maximum(tf.norm(z, 2, 1, true), 1e-12)); // [N, D]
    const { variance } = tf.moments(unit, 0); // [D]
    return tf.mul<tf.Scalar>(Math.sqrt(z.shape[1]), tf.mean(tf.sqrt(variance))); // []
  });
}
