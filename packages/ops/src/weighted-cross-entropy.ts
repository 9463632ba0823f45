import { checkSameShape, checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

/** Kernel a backend may register for `weightedCrossEntropy`: inputs `logits`, `targets`, `weights`; the loss `[]`. */
export const SOFTMAX_CROSS_ENTROPY_KERNEL = "SimclrSoftmaxCrossEntropy";
/**
 * Kernel a backend may register for the gradient of `weightedCrossEntropy`: inputs `dy` `[]`, `logits`, `targets`,
 * `weights`; the gradient of `logits`.
 */
export const SOFTMAX_CROSS_ENTROPY_GRAD_KERNEL = "SimclrSoftmaxCrossEntropyGrad";

/**
 * The sum over rows of `weight · cross-entropy(target, softmax(logits))`.
 *
 * @param logits - float32 `[N, C]`, C >= 1, the only argument that a gradient reaches; magnitudes up to 1e4 and beyond
 * are safe. Not disposed.
 * @param targets - float32 `[N, C]`; rows need not sum to 1. Not disposed.
 * @param weights - float32 `[N, 1]`. Not disposed.
 * @returns The loss in nats; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes do not fit.
 * @remarks Carries its own gradient, which needs no registered ones. It has no second derivative.
 */
export function weightedCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D, weights: tf.Tensor2D): tf.Scalar {
  checkShape("weightedCrossEntropy", { logits }, [null, null]);
  checkSameShape("weightedCrossEntropy", { logits, targets });
  checkShape("weightedCrossEntropy", { weights }, [logits.shape[0], 1], "Give every row one weight.");
  const loss = tf.customGrad((x, save) => {
    // Only inputs are saved: the engine takes a saved intermediate for a leak where it looks for leaks.
    (save as tf.GradSaveFunc)([x as tf.Tensor, targets, weights]);
    const value = sumOfRows(x as tf.Tensor2D, targets, weights); // []
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor =>
      logitsGradient(dy as tf.Scalar, ...(saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D])); // [N, C]
    return { value, gradFunc };
  });
  return loss(logits) as tf.Scalar;
}

function sumOfRows(logits: tf.Tensor2D, targets: tf.Tensor2D, weights: tf.Tensor2D): tf.Scalar {
  if (hasNamedKernel(SOFTMAX_CROSS_ENTROPY_KERNEL))
    return runNamedKernel(SOFTMAX_CROSS_ENTROPY_KERNEL, { logits, targets, weights }, {})[0] as tf.Scalar;
  return tf.tidy(() => {
    const rowLosses = tf.sum(tf.mul(targets, logSoftmax(logits)), 1, true); // [N, 1]
    return tf.neg(tf.sum(tf.mul(weights, rowLosses))); // []
  });
}

function logitsGradient(dy: tf.Scalar, logits: tf.Tensor2D, targets: tf.Tensor2D, weights: tf.Tensor2D): tf.Tensor2D {
  if (hasNamedKernel(SOFTMAX_CROSS_ENTROPY_GRAD_KERNEL)) {
    const inputs = { dy, logits, targets, weights };
    return runNamedKernel(SOFTMAX_CROSS_ENTROPY_GRAD_KERNEL, inputs, {})[0] as tf.Tensor2D;
  }
  return tf.tidy(() => {
    const mass = tf.sum(targets, 1, true); // [N, 1]
    const difference = tf.sub(tf.mul(tf.softmax(logits), mass), targets); // [N, C]
    return tf.mul(tf.mul(dy, weights), difference); // [N, C]
  });
}

/** log(softmax(x)) along the last axis, by subtracting the maximum; `[N, C]`. */
function logSoftmax(x: tf.Tensor2D): tf.Tensor2D {
  const shifted = tf.sub(x, tf.max(x, 1, true)); // [N, C]
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true))); // [N, C]
}
