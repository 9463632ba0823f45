import { checkInRange } from "@simclr/core";
import { rotateImages } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { drawEach, mapDrawn, type ParameterRange, rangeOf } from "./per-image.js";

export interface RotateOptions {
  /** Chance that an image is rotated, in [0, 1]. @defaultValue 1 */
  readonly probability?: number;
  /** Angle in degrees, counter-clockwise; of a range each image draws its own. @defaultValue [-30, 30] */
  readonly degrees?: ParameterRange;
  /** Value outside the image, in [0, 1]. @defaultValue 0 */
  readonly fill?: number;
}

/**
 * Rotates images about their centres, with bilinear interpolation; sizes stay, so corners are cut off. Takes any C.
 * Rotated images are clipped to [0, 1]. Records `applied` and `degrees`.
 *
 * @throws InvalidArgumentError if an option leaves its range.
 * @see `torchvision.transforms.RandomRotation`; `rotateImages` of `@simclr/ops`; `quarterTurn`, which turns without interpolation
 */
export function rotate(options: RotateOptions = {}): Augmentation {
  const { probability = 1, degrees = [-30, 30], fill = 0 } = options;
  checkInRange("rotate", { probability }, 0, 1);
  checkInRange("rotate", { fill }, 0, 1);
  const [low, high] = rangeOf("rotate", { degrees }, -360, 360, "Angles are in degrees, counter-clockwise.");
  return defineAugmentation({
    name: "rotate",
    apply: (images, context) =>
      mapDrawn(
        images,
        drawEach(context, probability, (random) => ({ degrees: random.uniform(low, high) })),
        (group, drawn) => {
          const radians = drawn.map(({ degrees }) => (degrees * Math.PI) / 180);
          return tf.clipByValue(rotateImages(group, { radians, fill }), 0, 1); // [n, H, W, C]
        },
      ),
  });
}
