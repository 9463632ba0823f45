import {
  type CropBox,
  type CropSampler,
  centerCropBox,
  type RandomCropSpec,
  type ResizeKernel,
  resizeTaps,
  sampleCropBox,
} from "@simclr/core";
import { type ResampleTaps, separableResample } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";

export interface RandomResizedCropOptions {
  /** Side S of the result in pixels, >= 1. */
  readonly size: number;
  /** How boxes are drawn: as the reference does, or as torchvision does. @defaultValue "tf" */
  readonly sampler?: CropSampler;
  /** Area of the box as a fraction of the image's. @defaultValue [0.08, 1] */
  readonly area?: readonly [number, number];
  /** Width / height of the box. @defaultValue [3/4, 4/3] */
  readonly aspect?: readonly [number, number];
  /** Interpolation. @defaultValue "tf1-bicubic", the reference's */
  readonly kernel?: ResizeKernel;
}

/**
 * Cuts a random box out of each image and resizes it to a square.
 *
 * The bicubic kernels overshoot [0, 1] a little; a later `clip` ends that. Takes any C. Records `top`, `left`, `height`
 * and `width` in pixels.
 *
 * @see simclr/data_util.py, `random_crop_with_resize`; `sampleCropBox` and `resizeTaps` of `@simclr/core`
 */
export function randomResizedCrop(options: RandomResizedCropOptions): Augmentation {
  const { size, sampler = "tf", area = [0.08, 1], aspect = [3 / 4, 4 / 3], kernel = "tf1-bicubic" } = options;
  const crop: RandomCropSpec = { kind: "random-resized-crop", size, sampler, area, aspect, kernel };
  return defineAugmentation({
    name: "randomResizedCrop", // also in the path of core's cropStream
    crop,
    apply: (images, { randoms, record }) => {
      const [, height, width] = images.shape;
      const boxes = randoms.map((random) => sampleCropBox(random, crop, height, width));
      if (record) for (const [place, box] of boxes.entries()) record(place, { ...box });
      return cropAndResize(images, boxes, size, kernel);
    },
  });
}

export interface CenterCropOptions {
  /** Side S of the result in pixels, >= 1. */
  readonly size: number;
  /** Side of the box as a fraction of the shorter side, in (0, 1]. @defaultValue 0.875 */
  readonly fraction?: number;
  /** Interpolation. @defaultValue "tf1-bicubic", the reference's */
  readonly kernel?: ResizeKernel;
}

/**
 * Cuts the central square out of each image and resizes it. Images of S x S pixels are copied at fraction 1.
 * Takes any C. Draws nothing.
 *
 * @see simclr/data_util.py, `center_crop`
 */
export function centerCrop(options: CenterCropOptions): Augmentation {
  const { size, fraction = 0.875, kernel = "tf1-bicubic" } = options;
  const crop = { kind: "center-crop", size, fraction, kernel } as const;
  return defineAugmentation({
    name: "centerCrop",
    crop,
    apply: (images) => {
      const [batchSize, height, width] = images.shape;
      const box = centerCropBox(crop, height, width);
      if (box.height === size && height === size && width === size) return tf.clone(images);
      return cropAndResize(images, new Array<CropBox>(batchSize).fill(box), size, kernel);
    },
  });
}

/** [N, H, W, C] and a box per image to [N, size, size, C]. */
function cropAndResize(
  images: tf.Tensor4D,
  boxes: readonly CropBox[],
  size: number,
  kernel: ResizeKernel,
): tf.Tensor4D {
  const [, height, width] = images.shape;
  const rows = windowTaps(kernel, boxes, (box) => [box.top, box.height], height, size);
  const columns = windowTaps(kernel, boxes, (box) => [box.left, box.width], width, size);
  return separableResample(images, rows, columns);
}

function windowTaps(
  kernel: ResizeKernel,
  boxes: readonly CropBox[],
  windowOf: (box: CropBox) => readonly [number, number],
  inputSize: number,
  size: number,
): ResampleTaps {
  const axes = boxes.map((box) => resizeTaps(kernel, ...windowOf(box), inputSize, size));
  const taps = Math.max(...axes.map((axis) => axis.taps));
  const index = new Int32Array(boxes.length * size * taps);
  const weight = new Float32Array(boxes.length * size * taps); // taps that a box does not need keep weight 0
  for (const [i, axis] of axes.entries()) {
    if (axis.taps === taps) {
      index.set(axis.index, i * size * taps);
      weight.set(axis.weight, i * size * taps);
      continue;
    }
    for (let at = 0; at < size; at++) {
      const [from, to] = [at * axis.taps, (i * size + at) * taps];
      index.set(axis.index.subarray(from, from + axis.taps), to);
      weight.set(axis.weight.subarray(from, from + axis.taps), to);
    }
  }
  return { index, weight, size, taps };
}
