import * as tf from "@tensorflow/tfjs-core";

/** Smallest squared norm, as in `tf.math.l2_normalize`: shorter rows are divided by its root. */
const MIN_SQUARED_NORM = 1e-12;

/** The reciprocal of each row's L2 norm, at most 1e6; `[N, 1]` of `x` `[N, D]`. */
export function inverseNorms(x: tf.Tensor2D): tf.Tensor2D {
  return tf.rsqrt(tf.maximum(tf.sum(tf.square(x), 1, true), MIN_SQUARED_NORM));
}

/** Rows of length 1, `[N, D]`. */
export function normalizeRows(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(x, inverseNorms(x));
}

/**
 * The gradient with respect to rows that were normalised.
 *
 * @param unit - The normalised rows, `[N, D]`.
 * @param inverse - The reciprocals that made them, `[N, 1]`.
 * @param dUnit - The gradient with respect to `unit`, `[N, D]`.
 */
export function normalizeRowsGradient(unit: tf.Tensor2D, inverse: tf.Tensor2D, dUnit: tf.Tensor2D): tf.Tensor2D {
  const along = tf.sum(tf.mul(unit, dUnit), 1, true); // [N, 1]
  // A row at the floor was divided by a constant, so nothing is projected out of its gradient.
  const floored = tf.greaterEqual(inverse, 1 / Math.sqrt(MIN_SQUARED_NORM)); // [N, 1]
  const projection = tf.where(floored, tf.zerosLike(along), along); // [N, 1]
  return tf.mul(inverse, tf.sub(dUnit, tf.mul(unit, projection))); // [N, D]
}
