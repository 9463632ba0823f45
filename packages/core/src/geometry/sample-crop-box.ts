import type { CropBox, RandomCropSpec } from "../crop-spec.js";
import type { Random } from "../random.js";
import { checkInteger } from "../shape.js";
import { checkCropSpec } from "./check-crop-spec.js";
import { roundHalfEven } from "./round.js";

/** The reference asks `tf.image.sample_distorted_bounding_box` for crops that cover this fraction of the image. */
const MIN_OBJECT_COVERED = 0.1;
const TF_ATTEMPTS = 100;
const TORCHVISION_ATTEMPTS = 10;

/**
 * Draws the box of a random crop.
 *
 * `"tf"` is `tf.image.sample_distorted_bounding_box` with one box around the whole image: the aspect is uniform,
 * then the *height* is uniform between those that the area allows, a box never touches the bottom or right edge
 * unless it spans it, and no box covers less than a tenth of the image, whatever `spec.area` says. `"torchvision"`
 * is `RandomResizedCrop`: uniform area, log-uniform aspect.
 *
 * @param random - Advanced by the draws; give each image its own, see `cropStream`.
 * @param height - Height of the image in pixels, >= 1.
 * @param width - Width of the image in pixels, >= 1.
 * @returns A box inside the image; after 100 (`"tf"`) or 10 (`"torchvision"`) failed attempts the whole image, or
 *   the largest central box of an allowed aspect.
 * @throws InvalidArgumentError if the sizes or the ranges of `spec` make no sense.
 * @see simclr/data_util.py, `distorted_bounding_box_crop`; tensorflow/core/kernels/sample_distorted_bounding_box_op.cc;
 *   torchvision.transforms.RandomResizedCrop.get_params
 */
export function sampleCropBox(random: Random, spec: RandomCropSpec, height: number, width: number): CropBox {
  checkInteger("sampleCropBox", { height }, 1);
  checkInteger("sampleCropBox", { width }, 1);
  checkCropSpec("sampleCropBox", spec);
  return spec.sampler === "torchvision"
    ? sampleAsTorchvision(random, spec, height, width)
    : sampleAsTensorFlow(random, spec, height, width);
}

function sampleAsTensorFlow(random: Random, spec: RandomCropSpec, height: number, width: number): CropBox {
  for (let attempt = 0; attempt < TF_ATTEMPTS; attempt++) {
    const box = attemptAsTensorFlow(random, spec, height, width);
    if (box !== undefined && box.height * box.width >= MIN_OBJECT_COVERED * height * width) return box;
  }
  return { top: 0, left: 0, height, width };
}

function attemptAsTensorFlow(
  random: Random,
  { area: [low, high], aspect }: RandomCropSpec,
  imageHeight: number,
  imageWidth: number,
): CropBox | undefined {
  const ratio = random.uniform(aspect[0], aspect[1]); // width / height
  const minArea = low * imageHeight * imageWidth;
  const maxArea = high * imageHeight * imageWidth;

  let maxHeight = roundHalfEven(Math.sqrt(maxArea / ratio));
  if (roundHalfEven(maxHeight * ratio) > imageWidth) {
    maxHeight = Math.floor((imageWidth + 0.5 - 1e-7) / ratio);
    if (roundHalfEven(maxHeight * ratio) > imageWidth) maxHeight -= 1;
  }
  maxHeight = Math.min(maxHeight, imageHeight);
  const minHeight = Math.min(roundHalfEven(Math.sqrt(minArea / ratio)), maxHeight);

  let height = minHeight < maxHeight ? random.integer(minHeight, maxHeight + 1) : minHeight;
  let width = roundHalfEven(height * ratio);
  if (width * height < minArea) {
    height += 1;
    width = roundHalfEven(height * ratio);
  }
  if (width * height > maxArea) {
    height -= 1;
    width = roundHalfEven(height * ratio);
  }
  const area = width * height;
  const fits = height > 0 && width > 0 && height <= imageHeight && width <= imageWidth;
  if (!fits || area < minArea || area > maxArea) return undefined;
  const top = height < imageHeight ? random.integer(0, imageHeight - height) : 0; // half-open, as TensorFlow does
  const left = width < imageWidth ? random.integer(0, imageWidth - width) : 0;
  return { top, left, height, width };
}

function sampleAsTorchvision(
  random: Random,
  { area, aspect }: RandomCropSpec,
  imageHeight: number,
  imageWidth: number,
): CropBox {
  for (let attempt = 0; attempt < TORCHVISION_ATTEMPTS; attempt++) {
    const target = random.uniform(area[0], area[1]) * imageHeight * imageWidth;
    const ratio = Math.exp(random.uniform(Math.log(aspect[0]), Math.log(aspect[1])));
    const width = roundHalfEven(Math.sqrt(target * ratio));
    const height = roundHalfEven(Math.sqrt(target / ratio));
    if (width < 1 || height < 1 || width > imageWidth || height > imageHeight) continue;
    const top = random.integer(0, imageHeight - height + 1);
    const left = random.integer(0, imageWidth - width + 1);
    return { top, left, height, width };
  }
  const ratio = imageWidth / imageHeight;
  const height = ratio < aspect[0] ? Math.max(1, roundHalfEven(imageWidth / aspect[0])) : imageHeight;
  const width = ratio > aspect[1] ? Math.max(1, roundHalfEven(imageHeight * aspect[1])) : imageWidth;
  return {
    top: Math.floor((imageHeight - height) / 2),
    left: Math.floor((imageWidth - width) / 2),
    height,
    width,
  };
}
