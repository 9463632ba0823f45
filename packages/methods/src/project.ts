import type { ForwardOptions, NetworkParts } from "@simclr/models";
import * as tf from "@tensorflow/tfjs-core";

/**
 * The projections z of several views of the same images, in one forward pass: batch norm sees all of them.
 *
 * @param views - float32 `[N, S, S, C]` each, all of one size. Not disposed.
 * @returns float32 `[N, D]` for each view; the caller disposes them.
 */
export function project(
  { encoder, head }: NetworkParts,
  views: readonly tf.Tensor4D[],
  pass: ForwardOptions,
): tf.Tensor2D[] {
  return tf.tidy(() => {
    const { pooled } = encoder.forward(tf.concat4d([...views], 0), pass); // [VN, F]
    const z = head.forward(pooled, pass).at(-1)!; // [VN, D]
    // The gradient of a split into one part fails in tfjs-core 4.22.
    return views.length === 1 ? [z] : tf.split(z, views.length, 0); // V x [N, D]
  });
}
