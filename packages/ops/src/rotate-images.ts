import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

/**
 * Kernel a backend may register for `rotateImages`: inputs `images` [N, H, W, C] and `rotation` [N, 2], cosine and sine of
 * each image's angle; attribute `fill`; output [N, H, W, C].
 */
export const ROTATE_KERNEL = "SimclrRotate";

export interface RotateImagesOptions {
  /** Angle of each image, counter-clockwise, [N]. */
  readonly radians: ArrayLike<number>;
  /** Value outside the image. @defaultValue 0 */
  readonly fill?: number;
}

/**
 * Rotates each image about its centre, with bilinear interpolation; sizes stay, so corners are cut off.
 *
 * @param images - float32 [N, H, W, C]. Not disposed.
 * @returns float32 [N, H, W, C]. The caller disposes it. Has no gradient: augmentations are not differentiated.
 * @throws InvalidArgumentError if there is not one angle per image.
 * @remarks Without a native kernel a gather of four neighbours rather than `tf.image.transform`, whose cpu kernel in tfjs
 *   4.22 only writes the first image of a batch.
 */
export function rotateImages(images: tf.Tensor4D, options: RotateImagesOptions): tf.Tensor4D {
  const { radians, fill = 0 } = options;
  const batchSize = images.shape[0];
  if (radians.length !== batchSize)
    throw new InvalidArgumentError(
      `rotateImages: \`radians\` must hold one angle per image, ${batchSize}; received ${radians.length}.`,
      { subject: "radians", expected: String(batchSize), received: String(radians.length) },
    );
  return tf.tidy(() => {
    if (!hasNamedKernel(ROTATE_KERNEL)) return rotated(images, Array.from(radians), fill);
    const rotation = Array.from(radians, (angle) => [Math.cos(angle), Math.sin(angle)]).flat();
    const inputs = { images, rotation: tf.tensor2d(rotation, [batchSize, 2], "float32") };
    return runNamedKernel(ROTATE_KERNEL, inputs, { fill })[0] as tf.Tensor4D;
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
