import { checkInRange, checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { drawEach, mapDrawn } from "./per-image.js";

/** Luma of red, green and blue, as `tf.image.rgb_to_grayscale` weighs them. */
const LUMA = [0.2989, 0.587, 0.114];

export interface GrayscaleOptions {
  /** Chance that an image loses its colours, in [0, 1]. @defaultValue 0.2 */
  readonly probability?: number;
}

/**
 * Replaces the three channels of an image by its luma, each image with the given probability. Needs RGB. Records
 * `applied`.
 *
 * @throws InvalidArgumentError from `apply` if images are not RGB.
 * @see simclr/data_util.py, `to_grayscale`
 */
export function grayscale(options: GrayscaleOptions = {}): Augmentation {
  const { probability = 0.2 } = options;
  checkInRange("grayscale", { probability }, 0, 1);
  return defineAugmentation({
    name: "grayscale",
    apply: (images, context) => {
      checkShape(
        "grayscale",
        { images },
        [null, null, null, 3],
        "Decode images as RGB, or take colorJitter and grayscale out of the recipe.",
      );
      // No matrix product: a backend may round its operands to fewer bits than a pixel has.
      return mapDrawn(
        images,
        drawEach(context, probability, () => ({})),
        (group) => {
          const luma = tf.sum(tf.mul(group, tf.tensor4d(LUMA, [1, 1, 1, 3])), 3, true); // [n, H, W, 1]
          return tf.concat([luma, luma, luma], 3) as tf.Tensor4D; // [n, H, W, 3]
        },
      );
    },
  });
}
