import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { mapImageGroups } from "./map-image-groups.js";
import { hasNamedKernel } from "./named-kernel.js";
import { type ResampleTaps, resampleUnchecked, SEPARABLE_RESAMPLE_KERNEL } from "./separable-resample.js";

/**
 * Mirrors some images of a batch left to right; the others stay as they are.
 *
 * @param images - float32 [N, H, W, C]. Not disposed.
 * @param flipped - Which ones, [N]; anything but 0 is yes.
 * @returns float32 [N, H, W, C], pixels moved and not changed. The caller disposes it. Has no gradient: augmentations
 *   are not differentiated.
 * @throws InvalidArgumentError if `flipped` does not have one entry per image.
 */
export function flipImages(images: tf.Tensor4D, flipped: ArrayLike<number>): tf.Tensor4D {
  const [batchSize, height, width] = images.shape;
  if (flipped.length !== batchSize)
    throw new InvalidArgumentError(
      `flipImages: \`flipped\` must have one entry per image, ${batchSize}; received ${flipped.length}.`,
      { subject: "flipped", expected: String(batchSize), received: String(flipped.length) },
    );
  // Where resampling is native, taps of weight 1 move the pixels in one pass over the batch.
  if (hasNamedKernel(SEPARABLE_RESAMPLE_KERNEL)) {
    const rows = singleTaps(batchSize, height, () => false);
    const columns = singleTaps(batchSize, width, (n) => flipped[n] !== 0);
    return resampleUnchecked(images, rows, columns);
  }
  const groups = Array.from({ length: batchSize }, (_, n) => Number(flipped[n] !== 0));
  return mapImageGroups(images, groups, (group, flip) => (flip === 1 ? tf.reverse(group, 2) : group));
}

/** One tap of weight 1 per position: each axis as it is, or reversed. */
function singleTaps(batchSize: number, size: number, isReversed: (n: number) => boolean): ResampleTaps {
  const index = new Int32Array(batchSize * size);
  for (let n = 0; n < batchSize; n++) {
    const reversed = isReversed(n);
    for (let i = 0; i < size; i++) index[n * size + i] = reversed ? size - 1 - i : i;
  }
  return { index, weight: new Float32Array(batchSize * size).fill(1), size, taps: 1 };
}
