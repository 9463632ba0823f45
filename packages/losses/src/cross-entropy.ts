import { checkInRange, checkSameShape, checkShape } from "@simclr/core";
import { weightedCrossEntropy } from "@simclr/ops";
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

function smooth(labels: tf.Tensor2D, labelSmoothing: number): tf.Tensor2D {
  if (labelSmoothing === 0) return labels;
  return tf.add(tf.mul(labels, 1 - labelSmoothing), labelSmoothing / labels.shape[1]);
}
