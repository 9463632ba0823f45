import * as tf from "@tensorflow/tfjs-core";

/** Predictions of several views in one pass of the predictor: batch norm sees all of them. `[N, D]` for each view. */
export function predictViews(
  projections: readonly tf.Tensor2D[],
  forward: (z: tf.Tensor2D) => tf.Tensor2D,
): tf.Tensor2D[] {
  return tf.tidy(() => tf.split(forward(tf.concat2d([...projections], 0)), projections.length, 0));
}
