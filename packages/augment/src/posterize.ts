import { checkInRange, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { byteLevels } from "./byte-levels.js";
import { drawEach, mapDrawn, type ParameterRange, perImage, rangeOf } from "./per-image.js";

export interface PosterizeOptions {
  /** Chance that an image is posterized, in [0, 1]. @defaultValue 0.2 */
  readonly probability?: number;
  /** Bits kept of the eight, whole numbers in [1, 8]; of a range each image draws its own. @defaultValue 4 */
  readonly bits?: ParameterRange;
}

/**
 * Keeps the highest bits of each value: rounds to 8 bits, clears the low ones, and divides by 255 again.
 *
 * Works on each channel by itself, so takes any C. Records `applied` and `bits`.
 *
 * @throws InvalidArgumentError if the probability leaves [0, 1], or `bits` are not whole numbers in [1, 8].
 * @see `PIL.ImageOps.posterize`
 */
export function posterize(options: PosterizeOptions = {}): Augmentation {
  const { probability = 0.2, bits = 4 } = options;
  checkInRange("posterize", { probability }, 0, 1);
  const [low, high] = rangeOf("posterize", { bits }, 1, 8);
  if (!Number.isInteger(low) || !Number.isInteger(high)) {
    const received = low === high ? String(low) : `[${low}, ${high}]`;
    throw new InvalidArgumentError(`posterize: \`bits\` must be whole numbers; received ${received}. Round them.`, {
      subject: "bits",
      expected: "whole numbers",
      received,
    });
  }
  return defineAugmentation({
    name: "posterize",
    apply: (images, context) =>
      mapDrawn(
        images,
        drawEach(context, probability, (random) => ({ bits: random.integer(low, high + 1) })),
        (group, drawn) => {
          const step = perImage(drawn.map(({ bits }) => 2 ** (8 - bits))); // [n, 1, 1, 1]
          const kept = tf.mul(tf.floor(tf.div(byteLevels(group), step)), step); // [n, H, W, C] in [0, 255]
          return tf.div(kept, 255);
        },
      ),
  });
}
