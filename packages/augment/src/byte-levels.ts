import * as tf from "@tensorflow/tfjs-core";

/** Images as the nearest of 256 levels: whole numbers in float32, [N, H, W, C] in [0, 255]; values are clipped. */
export function byteLevels(images: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.round(tf.mul(tf.clipByValue(images, 0, 1), 255)));
}
