import { checkInRange } from "@simclr/core";
import { equalizeImages } from "@simclr/ops";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { drawEach, mapDrawn } from "./per-image.js";

export interface EqualizeOptions {
  /** Chance that an image is equalized, in [0, 1]. @defaultValue 0.2 */
  readonly probability?: number;
}

/**
 * Spreads the values of each channel evenly over [0, 1], by its histogram of 256 levels.
 *
 * Works on each channel by itself, so takes any C. A channel stays as it is where fewer than 255 of its pixels are
 * darker than its brightest level, as is always so in images below 16 x 16. Records `applied`.
 *
 * @throws InvalidArgumentError if the probability leaves [0, 1].
 * @see `equalizeImages` of `@simclr/ops`; `PIL.ImageOps.equalize`, whose whole-number arithmetic this is; exact for images of up to 2^20 pixels
 */
export function equalize(options: EqualizeOptions = {}): Augmentation {
  const { probability = 0.2 } = options;
  checkInRange("equalize", { probability }, 0, 1);
  return defineAugmentation({
    name: "equalize",
    apply: (images, context) =>
      mapDrawn(
        images,
        drawEach(context, probability, () => ({})),
        equalizeImages,
      ),
  });
}
