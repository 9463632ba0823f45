import * as tf from "@tensorflow/tfjs-core";

/** Smallest squared norm, as in `tf.math.l2_normalize`: shorter rows are divided by its root. */
const MIN_SQUARED_NORM = 1e-12;

/** Rows of length 1, `[N, D]`, of `x` `[N, D]`; carries its own gradient. */
export function normalizeRows(x: tf.Tensor2D): tf.Tensor2D {
  const unit = tf.customGrad((rows, save) => {
    (save as tf.GradSaveFunc)([rows as tf.Tensor]);
    const value = tf.tidy(() => tf.mul(rows as tf.Tensor2D, inverseNorms(rows as tf.Tensor2D)));
    const gradFunc = (dy: tf.Tensor, [saved]: tf.Tensor[]): tf.Tensor =>
      normalizeRowsGradient(saved as tf.Tensor2D, dy as tf.Tensor2D);
    return { value, gradFunc };
  });
  return unit(x) as tf.Tensor2D;
}

/**
 * The gradient with respect to rows that are normalised.
 *
 * @param x - The rows before that, `[N, D]`.
 * @param dUnit - The gradient with respect to the normalised rows, `[N, D]`.
 */
export function normalizeRowsGradient(x: tf.Tensor2D, dUnit: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const inverse = inverseNorms(x); // [N, 1]
    const unit = tf.mul(x, inverse); // [N, D]
    const along = tf.sum(tf.mul(unit, dUnit), 1, true); // [N, 1]
    // A row at the floor was divided by a constant, so nothing is projected out of its gradient.
    const floored = tf.greaterEqual(inverse, 1 / Math.sqrt(MIN_SQUARED_NORM)); // [N, 1]
    const projection = tf.where(floored, tf.zerosLike(along), along); // [N, 1]
    return tf.mul(inverse, tf.sub(dUnit, tf.mul(unit, projection))); // [N, D]
  });
}

/** The reciprocal of each row's L2 norm, at most 1e6; `[N, 1]` of `x` `[N, D]`. */
function inverseNorms(x: tf.Tensor2D): tf.Tensor2D {
  return tf.rsqrt(tf.maximum(tf.sum(tf.square(x), 1, true), MIN_SQUARED_NORM));
}
