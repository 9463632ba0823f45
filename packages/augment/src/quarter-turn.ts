import { checkInRange, InvalidArgumentError } from "@simclr/core";
import { mapImageGroups } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { drawEach } from "./per-image.js";

/** Quarters of a full turn, counter-clockwise. */
type Quarters = 0 | 1 | 2 | 3;

export interface QuarterTurnOptions {
  /** Chance that an image draws a turn, in [0, 1]. @defaultValue 1 */
  readonly probability?: number;
  /** The turns to draw from, each as likely as the others. @defaultValue [0, 1, 2, 3] */
  readonly turns?: readonly Quarters[];
}

/**
 * Turns images by whole quarters, counter-clockwise; pixels move and do not change. Takes any C. Records `applied` and
 * `quarters`.
 *
 * @throws InvalidArgumentError if `turns` holds anything but 0, 1, 2 and 3; from `apply`, if images that are not square
 *   could be turned by one or three quarters, as all images of a batch have one shape.
 * @see Gidaris et al. 2018, arXiv:1803.07728
 */
export function quarterTurn(options: QuarterTurnOptions = {}): Augmentation {
  const { probability = 1, turns = [0, 1, 2, 3] } = options;
  checkInRange("quarterTurn", { probability }, 0, 1);
  if (turns.length === 0 || turns.some((turn) => ![0, 1, 2, 3].includes(turn)))
    throw new InvalidArgumentError(
      `quarterTurn: \`turns\` must be a list of 0, 1, 2 and 3; received [${turns.join(", ")}]. They count quarters of a turn, counter-clockwise; use rotate for other angles.`,
      { subject: "turns", expected: "0, 1, 2 or 3", received: `[${turns.join(", ")}]` },
    );
  const swapsSides = turns.some((turn) => turn % 2 === 1);
  return defineAugmentation({
    name: "quarterTurn",
    apply: (images, context) => {
      const [, height, width] = images.shape;
      if (swapsSides && height !== width)
        throw new InvalidArgumentError(
          `quarterTurn: \`images\` must be square to be turned by one or three quarters; received ${height} x ${width} pixels. Crop them first, or pass turns: [0, 2].`,
          { subject: "images", expected: "square images", received: `${height} x ${width}` },
        );
      const drawn = drawEach(context, probability, (random) => ({ quarters: turns[random.integer(0, turns.length)]! }));
      return mapImageGroups(
        images,
        drawn.map((turn) => turn?.quarters ?? 0),
        (group, quarters) => turned(group, quarters as Quarters),
      );
    },
  });
}

function turned(images: tf.Tensor4D, quarters: Quarters): tf.Tensor4D {
  switch (quarters) {
    case 0:
      return images;
    case 1:
      return tf.reverse(tf.transpose(images, [0, 2, 1, 3]) as tf.Tensor4D, 1);
    case 2:
      return tf.reverse(images, [1, 2]);
    case 3:
      return tf.reverse(tf.transpose(images, [0, 2, 1, 3]) as tf.Tensor4D, 2);
  }
}
