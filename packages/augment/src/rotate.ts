import { checkInRange } from "@simclr/core";
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
 * @see `torchvision.transforms.RandomRotation`; `quarterTurn`, which turns without interpolation
 * @remarks A gather of four neighbours rather than `tf.image.transform`, whose cpu kernel in tfjs 4.22 only writes the
 *   first image of a batch.
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
          return tf.clipByValue(rotated(group, radians, fill), 0, 1); // [n, H, W, C]
        },
      ),
  });
}

function rotated(images: tf.Tensor4D, radians: readonly number[], fill: number): tf.Tensor4D {
  const [batchSize, height, width] = images.shape;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const perImage = (values: readonly number[]) => tf.tensor3d([...values], [batchSize, 1, 1], "float32");
  const cosine = perImage(radians.map(Math.cos));
  const sine = perImage(radians.map(Math.sin));
  const u = tf.reshape(tf.sub(tf.range(0, width), middleX), [1, 1, width]);
  const v = tf.reshape(tf.sub(tf.range(0, height), middleY), [1, height, 1]);
  // Where each pixel of the result comes from: its place turned back, clockwise in an image whose y points down.
  const x = tf.add(tf.sub(tf.mul(cosine, u), tf.mul(sine, v)), middleX) as tf.Tensor3D; // [n, H, W]
  const y = tf.add(tf.add(tf.mul(sine, u), tf.mul(cosine, v)), middleY) as tf.Tensor3D; // [n, H, W]
  return sampleBilinear(images, x, y, fill);
}

/** Values of each image at the places x and y, [n, H, W], in pixels; `fill` outside. */
function sampleBilinear(images: tf.Tensor4D, x: tf.Tensor3D, y: tf.Tensor3D, fill: number): tf.Tensor4D {
  const [batchSize, height, width, channels] = images.shape;
  const pixels = tf.reshape(images, [batchSize, height * width, channels]);
  const left = tf.floor(x);
  const top = tf.floor(y);
  const toRight = tf.sub(x, left); // [n, H, W] in [0, 1)
  const toBottom = tf.sub(y, top);
  let sum: tf.Tensor = tf.zeros([1]);
  let covered: tf.Tensor = tf.zeros([1]); // weight that lies inside the image
  for (const [column, wx] of [
    [left, tf.sub(1, toRight)],
    [tf.add(left, 1), toRight],
  ] as const)
    for (const [row, wy] of [
      [top, tf.sub(1, toBottom)],
      [tf.add(top, 1), toBottom],
    ] as const) {
      const nearestColumn = tf.clipByValue(column, 0, width - 1);
      const nearestRow = tf.clipByValue(row, 0, height - 1);
      const isInside = tf.logicalAnd(tf.equal(column, nearestColumn), tf.equal(row, nearestRow));
      const weight = tf.mul(tf.mul(wx, wy), tf.cast(isInside, "float32")); // [n, H, W]
      const place = tf.cast(tf.add(tf.mul(nearestRow, width), nearestColumn), "int32"); // [n, H, W]
      const flat = tf.reshape(place, [batchSize, height * width]) as tf.Tensor2D;
      const values = tf.reshape(tf.gather(pixels, flat, 1, 1), images.shape); // [n, H, W, C]
      sum = tf.add(sum, tf.mul(values, tf.expandDims(weight, 3)));
      covered = tf.add(covered, weight);
    }
  const outside = tf.expandDims(tf.sub(1, covered), 3); // [n, H, W, 1]
  return tf.add(sum, tf.mul(outside, fill));
}
