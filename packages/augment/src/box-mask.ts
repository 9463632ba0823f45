import type { CropBox } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Fills a box of each image from another image, and leaves the rest as it is, to the last bit.
 *
 * @param images - float32 [N, H, W, C]. Not disposed.
 * @param boxes - One box per image, [N], within the image; undefined for none.
 * @param filling - What the boxes show, float32 [N, H, W, C] or a shape that is broadcast to it. Not disposed.
 * @returns float32 [N, H, W, C]. The caller disposes it.
 */
export function fillBoxes(
  images: tf.Tensor4D,
  boxes: readonly (CropBox | undefined)[],
  filling: tf.Tensor4D | number,
): tf.Tensor4D {
  const [batchSize, height, width] = images.shape;
  const mask = new Float32Array(batchSize * height * width);
  for (const [i, box] of boxes.entries()) {
    if (box === undefined) continue;
    for (let y = box.top; y < box.top + box.height; y++) {
      const start = (i * height + y) * width + box.left;
      mask.fill(1, start, start + box.width);
    }
  }
  return tf.tidy(() => {
    const isBox = tf.tensor4d(mask, [batchSize, height, width, 1]);
    return tf.add(tf.mul(images, tf.sub(1, isBox)), tf.mul(isBox, filling)); // one of the two is 0: [N, H, W, C]
  });
}
