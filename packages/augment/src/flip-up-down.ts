import { checkInRange } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { drawEach, mapDrawn } from "./per-image.js";

export interface FlipUpDownOptions {
  /** Chance that an image is turned upside down, in [0, 1]. @defaultValue 0.5 */
  readonly probability?: number;
}

/**
 * Mirrors images top to bottom, each with the given probability; for images without an up and a down, such as those
 * from a microscope or from above. Takes any C. Records `applied`.
 *
 * @throws InvalidArgumentError if the probability leaves [0, 1].
 */
export function flipUpDown(options: FlipUpDownOptions = {}): Augmentation {
  const { probability = 0.5 } = options;
  checkInRange("flipUpDown", { probability }, 0, 1);
  return defineAugmentation({
    name: "flipUpDown",
    apply: (images, context) =>
      mapDrawn(
        images,
        drawEach(context, probability, () => ({})),
        (group) => tf.reverse(group, 1),
      ),
  });
}
