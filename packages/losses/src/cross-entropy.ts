import { checkInRange, checkSameShape, checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

export interface SoftmaxCrossEntropyOptions {
  /** Share of every label that is spread evenly over the classes, in [0, 1]. @defaultValue 0 */
  readonly labelSmoothing?: number;
  /** Weight of every row, `[N]`, >= 0: 0 leaves a row out. Not disposed. @defaultValue 1 for every row */
  readonly weights?: tf.Tensor1D;
}

/**
 * Cross-entropy between labels and softmax(logits): the mean over rows, weighted where weights are given
 * (sum(w·l) / sum(w), and 0 where all weights are 0).
 *
 * @param logits - float32 `[N, C]`; magnitudes up to 1e4 and beyond are safe. Not disposed.
 * @param labels - One-hot or soft labels `[N, C]`, int32 or float32; constants, no gradient reaches them. Not disposed.
 * @returns The loss in nats; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes do not fit or `labelSmoothing` is outside [0, 1].
 * @remarks Carries its own gradient, which needs no registered ones. It has no second derivative.
 */
export function softmaxCrossEntropy(
  logits: tf.Tensor2D,
  labels: tf.Tensor2D,
  options: SoftmaxCrossEntropyOptions = {},
): tf.Scalar {
  const { labelSmoothing = 0, weights } = options;
  checkShape("softmaxCrossEntropy", { logits }, [null, null]);
  checkSameShape("softmaxCrossEntropy", { logits, labels }, "Pass one-hot or soft labels, not class indices.");
  checkInRange("softmaxCrossEntropy", { labelSmoothing }, 0, 1);
  const rows = logits.shape[0];
  if (weights !== undefined) checkShape("softmaxCrossEntropy", { weights }, [rows], "Give every row one weight.");
  return tf.tidy(() => {
    const targets = smooth(tf.cast(labels, "float32"), labelSmoothing); // [N, C]
    if (weights === undefined) return weightedCrossEntropy(logits, targets, tf.fill([rows, 1], 1 / rows));
    const column = tf.reshape(tf.cast(weights, "float32"), [rows, 1]); // [N, 1]
    return weightedCrossEntropy(logits, targets, tf.divNoNan(column, tf.sum(column)));
  });
}

/**
 * The sum over rows of `weight · cross-entropy(target, softmax(logits))`; float32 `[]`.
 *
 * @param logits - `[N, C]`, the only argument that a gradient reaches.
 * @param targets - float32 `[N, C]`; rows need not sum to 1.
 * @param weights - float32 `[N, 1]`.
 */
export function weightedCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D, weights: tf.Tensor2D): tf.Scalar {
  const loss = tf.customGrad((x, save) => {
    // Only inputs are saved: the engine takes a saved intermediate for a leak where it looks for leaks.
    (save as tf.GradSaveFunc)([x as tf.Tensor, targets, weights]);
    const value = tf.tidy(() => {
      const rowLosses = tf.sum(tf.mul(targets, logSoftmax(x as tf.Tensor2D)), 1, true); // [N, 1]
      return tf.neg(tf.sum(tf.mul(weights, rowLosses))); // []
    });
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor =>
      tf.tidy(() => {
        const [savedLogits, savedTargets, savedWeights] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        const mass = tf.sum(savedTargets, 1, true); // [N, 1]
        const difference = tf.sub(tf.mul(tf.softmax(savedLogits), mass), savedTargets); // [N, C]
        return tf.mul(tf.mul(dy, savedWeights), difference); // [N, C]
      });
    return { value, gradFunc };
  });
  return loss(logits) as tf.Scalar;
}

/** log(softmax(x)) along the last axis, by subtracting the maximum; `[N, C]`. */
function logSoftmax(x: tf.Tensor2D): tf.Tensor2D {
  const shifted = tf.sub(x, tf.max(x, 1, true)); // [N, C]
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true))); // [N, C]
}

function smooth(labels: tf.Tensor2D, labelSmoothing: number): tf.Tensor2D {
  if (labelSmoothing === 0) return labels;
  return tf.add(tf.mul(labels, 1 - labelSmoothing), labelSmoothing / labels.shape[1]);
}
