import { checkInRange } from "@simclr/core";
import { flipImages } from "@simclr/ops";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { drawEach } from "./per-image.js";

export interface FlipLeftRightOptions {
  /** Chance that an image is mirrored, in [0, 1]. @defaultValue 0.5 */
  readonly probability?: number;
}

/** Mirrors images left to right, each with the given probability. Takes any C. Records `applied`. */
export function flipLeftRight(options: FlipLeftRightOptions = {}): Augmentation {
  const { probability = 0.5 } = options;
  checkInRange("flipLeftRight", { probability }, 0, 1);
  return defineAugmentation({
    name: "flipLeftRight",
    apply: (images, context) => {
      const flipped = drawEach(context, probability, () => ({}));
      return flipImages(
        images,
        flipped.map((drawn) => Number(drawn !== undefined)),
      );
    },
  });
}
