import { checkInRange } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { drawEach, mapDrawn, type ParameterRange, perImage, rangeOf } from "./per-image.js";

export interface SolarizeOptions {
  /** Chance that an image is solarized, in [0, 1]. @defaultValue 0.2, as BYOL does to its second view */
  readonly probability?: number;
  /** Values from here on are inverted, within [0, 1]; of a range each image draws its own. @defaultValue 0.5 */
  readonly threshold?: ParameterRange;
}

/**
 * Inverts the bright values of an image: x becomes 1 - x where x >= threshold.
 *
 * Works on each channel by itself, so takes any C. Records `applied` and `threshold`.
 *
 * @throws InvalidArgumentError if the probability or the threshold leaves [0, 1].
 * @see Grill et al. 2020, arXiv:2006.07733, appendix B; `PIL.ImageOps.solarize`
 */
export function solarize(options: SolarizeOptions = {}): Augmentation {
  const { probability = 0.2, threshold = 0.5 } = options;
  checkInRange("solarize", { probability }, 0, 1);
  const [low, high] = rangeOf("solarize", { threshold }, 0, 1, "Images are in [0, 1]; divide a byte by 255.");
  return defineAugmentation({
    name: "solarize",
    apply: (images, context) =>
      mapDrawn(
        images,
        drawEach(context, probability, (random) => ({ threshold: random.uniform(low, high) })),
        (group, drawn) => {
          const isBright = tf.greaterEqual(group, perImage(drawn.map(({ threshold }) => threshold))); // [n, H, W, C]
          return tf.where(isBright, tf.sub(1, group), group); // [n, H, W, C]
        },
      ),
  });
}
