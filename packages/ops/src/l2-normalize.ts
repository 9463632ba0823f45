import { checkSameShape, checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

/** Kernel a backend may register for `l2Normalize`: input `x`; the normalised rows. */
export const L2_NORMALIZE_KERNEL = "SimclrL2Normalize";
/** Kernel a backend may register for `l2NormalizeGradient`: inputs `x`, `dy`; the gradient of `x`. */
export const L2_NORMALIZE_GRAD_KERNEL = "SimclrL2NormalizeGrad";

/** Smallest squared norm, as in `tf.math.l2_normalize`: shorter rows are divided by its root. */
const MIN_SQUARED_NORM = 1e-12;

/**
 * Rows of length 1: each is divided by its L2 norm, or by 1e-6 where that is less.
 *
 * @param x - float32 `[N, D]`. Not disposed.
 * @returns float32 `[N, D]`; the caller disposes it. Carries its own gradient, which needs no registered ones.
 * @throws InvalidArgumentError if `x` is not a matrix.
 */
export function l2Normalize(x: tf.Tensor2D): tf.Tensor2D {
  checkShape("l2Normalize", { x }, [null, null]);
  const unit = tf.customGrad((rows, save) => {
    (save as tf.GradSaveFunc)([rows as tf.Tensor]);
    const value = normalized(rows as tf.Tensor2D); // [N, D]
    const gradFunc = (dy: tf.Tensor, [saved]: tf.Tensor[]): tf.Tensor =>
      l2NormalizeGradient(saved as tf.Tensor2D, dy as tf.Tensor2D);
    return { value, gradFunc };
  });
  return unit(x) as tf.Tensor2D;
}

function normalized(x: tf.Tensor2D): tf.Tensor2D {
  if (hasNamedKernel(L2_NORMALIZE_KERNEL)) return runNamedKernel(L2_NORMALIZE_KERNEL, { x }, {})[0] as tf.Tensor2D;
  return tf.tidy(() => tf.mul(x, inverseNorms(x)));
}

/**
 * The gradient with respect to rows that `l2Normalize` normalises.
 *
 * @param x - The rows before that, float32 `[N, D]`. Not disposed.
 * @param dy - The gradient with respect to the normalised rows, float32 `[N, D]`. Not disposed.
 * @returns float32 `[N, D]`, without a gradient of its own; the caller disposes it.
 * @throws InvalidArgumentError if the shapes differ.
 */
export function l2NormalizeGradient(x: tf.Tensor2D, dy: tf.Tensor2D): tf.Tensor2D {
  checkSameShape("l2NormalizeGradient", { x, dy });
  if (hasNamedKernel(L2_NORMALIZE_GRAD_KERNEL))
    return runNamedKernel(L2_NORMALIZE_GRAD_KERNEL, { x, dy }, {})[0] as tf.Tensor2D;
  return tf.tidy(() => {
    const inverse = inverseNorms(x); // [N, 1]
    const unit = tf.mul(x, inverse); // [N, D]
    const along = tf.sum(tf.mul(unit, dy), 1, true); // [N, 1]
    // A row at the floor was divided by a constant, so nothing is projected out of its gradient.
    const floored = tf.greaterEqual(inverse, 1 / Math.sqrt(MIN_SQUARED_NORM)); // [N, 1]
    const projection = tf.where(floored, tf.zerosLike(along), along); // [N, 1]
    return tf.mul(inverse, tf.sub(dy, tf.mul(unit, projection))); // [N, D]
  });
}

/** The reciprocal of each row's L2 norm, at most 1e6; `[N, 1]` of `x` `[N, D]`. */
function inverseNorms(x: tf.Tensor2D): tf.Tensor2D {
  return tf.rsqrt(tf.maximum(tf.sum(tf.square(x), 1, true), MIN_SQUARED_NORM));
}
