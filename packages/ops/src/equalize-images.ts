import * as tf from "@tensorflow/tfjs-core";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

/** Kernel a backend may register for `equalizeImages`: input `images` [N, H, W, C]; output [N, H, W, C]. */
export const EQUALIZE_KERNEL = "SimclrEqualize";

/** Levels of a histogram: one per value of a byte. */
const LEVELS = 256;

/**
 * Spreads the values of each channel of each image evenly over [0, 1], by its histogram of 256 levels.
 *
 * A channel stays as it is where fewer than 255 of its pixels are darker than its brightest level, as is always so in
 * images below 16 x 16.
 *
 * @param images - float32 [N, H, W, C], clipped to [0, 1] where a channel is spread. Not disposed.
 * @returns float32 [N, H, W, C]. The caller disposes it. Has no gradient: augmentations are not differentiated.
 * @see `PIL.ImageOps.equalize`, whose whole-number arithmetic this is; exact for images of up to 2^20 pixels
 */
export function equalizeImages(images: tf.Tensor4D): tf.Tensor4D {
  if (!hasNamedKernel(EQUALIZE_KERNEL)) return tf.tidy(() => equalized(images));
  return runNamedKernel(EQUALIZE_KERNEL, { images }, {})[0] as tf.Tensor4D;
}

function equalized(images: tf.Tensor4D): tf.Tensor4D {
  const [batchSize, height, width, channels] = images.shape;
  const count = batchSize * channels; // one histogram per row
  const rowsOf = (x: tf.Tensor4D) => tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [count, height * width]) as tf.Tensor2D;
  const levels = rowsOf(tf.round(tf.mul(tf.clipByValue(images, 0, 1), LEVELS - 1))); // [n * C, H * W]
  const start = tf.reshape(tf.mul(tf.range(0, count, 1, "int32"), tf.scalar(LEVELS, "int32")), [count, 1]);
  const index = tf.add(tf.cast(levels, "int32"), start); // [n * C, H * W], where the level stands in the tables
  const histogram = tf.reshape(
    tf.bincount(tf.reshape(index, [-1]) as tf.Tensor1D, tf.tensor1d([], "float32"), count * LEVELS),
    [count, LEVELS],
  );
  const brightest = tf.sum(tf.cast(tf.equal(levels, tf.max(levels, 1, true)), "float32"), 1, true); // [n * C, 1]
  const step = quotient(tf.sub(height * width, brightest), tf.scalar(255)); // [n * C, 1]
  const darker = tf.cumsum(histogram, 1, true); // [n * C, 256], pixels below each level
  const spread = quotient(tf.add(tf.floor(tf.div(step, 2)), darker), tf.maximum(step, 1));
  const table = tf.div(tf.clipByValue(spread, 0, LEVELS - 1), LEVELS - 1); // [n * C, 256] in [0, 1]
  const equalized = tf.reshape(tf.gather(tf.reshape(table, [-1]), tf.reshape(index, [-1])), levels.shape);
  const isSpread = tf.cast(tf.greater(step, 0), "float32"); // [n * C, 1]
  const rows = tf.add(tf.mul(equalized, isSpread), tf.mul(rowsOf(images), tf.sub(1, isSpread))); // [n * C, H * W]
  return tf.transpose(tf.reshape(rows, [batchSize, channels, height, width]), [0, 2, 3, 1]) as tf.Tensor4D;
}

/** floor(a / b) of whole numbers; the half keeps a division that is a few units off in its last place from crossing. */
function quotient(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.floor(tf.div(tf.add(a, 0.5), b));
}
