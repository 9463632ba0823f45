import * as tf from "@tensorflow/tfjs-core";

/** Which rows may pull at each other and which push, `[M, M]` each, float32, 1 or 0. */
export interface LabelPairs {
  /** Two different rows of the same known class. */
  readonly positive: tf.Tensor2D;
  /** Two rows of different classes; a row without a label differs from all others. */
  readonly negative: tf.Tensor2D;
}

/** Pairs of rows by their class indices `[M]`; -1 stands for no label. */
export function labelPairs(labels: tf.Tensor1D): LabelPairs {
  const rows = labels.shape[0];
  const known = tf.cast(tf.greaterEqual(labels, 0), "float32"); // [M]
  const same = tf.cast(tf.equal(tf.reshape(labels, [rows, 1]), tf.reshape(labels, [1, rows])), "float32"); // [M, M]
  const alike = tf.mul(same, tf.reshape(known, [rows, 1])); // [M, M]
  const others = tf.sub(1, tf.eye(rows)); // [M, M]
  return { positive: tf.mul(alike, others), negative: tf.mul(tf.sub(1, alike), others) };
}
