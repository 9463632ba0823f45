import { checkInRange, checkShape } from "@simclr/core";
import { mapImageGroups } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";

/** Luma of red, green and blue, as `tf.image.rgb_to_grayscale` weighs them. */
const LUMA = [0.2989, 0.587, 0.114] as const;

export interface GrayscaleOptions {
  /** Chance that an image loses its colours, in [0, 1]. @defaultValue 0.2 */
  readonly probability?: number;
}

/**
 * Replaces the three channels of an image by its luma, each image with the given probability.
 *
 * @throws InvalidArgumentError from `apply` if images are not RGB.
 * @see simclr/data_util.py, `to_grayscale`
 */
export function grayscale(options: GrayscaleOptions = {}): Augmentation {
  const { probability = 0.2 } = options;
  checkInRange("grayscale", { probability }, 0, 1);
  return defineAugmentation({
    name: "grayscale",
    apply: (images, { randoms }) => {
      checkShape(
        "grayscale",
        { images },
        [null, null, null, 3],
        "Decode images as RGB, or take colorJitter and grayscale out of the recipe.",
      );
      const gray = randoms.map((random) => Number(random.bernoulli(probability)));
      return mapImageGroups(images, gray, (group, without) => {
        if (without === 0) return group;
        const mix = tf.tensor2d(LUMA.map((weight) => [weight, weight, weight])); // [3, 3]
        return tf.reshape(tf.matMul(tf.reshape(group, [-1, 3]), mix), group.shape); // [n, H, W, 3]
      });
    },
  });
}
