import { checkInteger, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { mapImageGroups } from "./map-image-groups.js";
import { hasNamedKernel } from "./named-kernel.js";
import { type ResampleTaps, resampleUnchecked, SEPARABLE_RESAMPLE_KERNEL } from "./separable-resample.js";

export interface GaussianBlurOptions {
  /** Width of the kernel in pixels, >= 0; there are 2 * floor(kernelSize / 2) + 1 taps. */
  readonly kernelSize: number;
  /** Standard deviation in pixels: one for the batch, or one per image, [N]; 0 leaves an image as it is. */
  readonly sigma: number | ArrayLike<number>;
}

/**
 * The weights of a Gaussian on -radius … radius, normalised to sum to 1.
 *
 * @param radius - Whole number of pixels, >= 0.
 * @param sigma - Standard deviation in pixels, >= 0; all weight is in the middle at 0.
 * @returns float64 [2 * radius + 1].
 */
export function gaussianTaps(radius: number, sigma: number): Float64Array {
  const taps = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    i === radius ? 1 : Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const sum = taps.reduce((a, b) => a + b);
  return taps.map((tap) => tap / sum);
}

/**
 * Blurs images with a Gaussian, along rows and along columns. Outside an image there is black, so borders darken.
 *
 * @param images - float32 [N, H, W, C]. Not disposed.
 * @returns float32 [N, H, W, C]. The caller disposes it. Has no gradient: augmentations are not differentiated.
 * @throws InvalidArgumentError if a sigma is negative or not finite, or there is not one per image.
 * @see simclr/data_util.py, `gaussian_blur`
 */
export function gaussianBlur(images: tf.Tensor4D, options: GaussianBlurOptions): tf.Tensor4D {
  const { kernelSize, sigma } = options;
  const batchSize = images.shape[0];
  checkInteger("gaussianBlur", { kernelSize });
  const sigmas = typeof sigma === "number" ? new Float64Array(batchSize).fill(sigma) : sigma;
  if (sigmas.length !== batchSize)
    throw new InvalidArgumentError(
      `gaussianBlur: \`sigma\` must be one number, or one per image, ${batchSize}; received ${sigmas.length}.`,
      { subject: "sigma", expected: String(batchSize), received: String(sigmas.length) },
    );
  for (let i = 0; i < batchSize; i++)
    if (!(sigmas[i]! >= 0 && Number.isFinite(sigmas[i]!)))
      throw new InvalidArgumentError(`gaussianBlur: \`sigma\` must be a finite number >= 0; received ${sigmas[i]}.`, {
        subject: "sigma",
        expected: "a finite number >= 0",
        received: String(sigmas[i]),
      });
  const radius = Math.floor(kernelSize / 2);
  if (radius === 0 || batchSize === 0) return tf.clone(images);
  // Where resampling is native, a single tap of weight 1 leaves an image as it is in the same pass over the batch.
  if (hasNamedKernel(SEPARABLE_RESAMPLE_KERNEL)) return blurred(images, radius, sigmas);
  const isBlurred = Array.from(sigmas, (own) => Number(own > 0));
  return mapImageGroups(images, isBlurred, (group, on, places) => {
    if (on === 0) return group;
    const own = places.map((place) => sigmas[place]!);
    return blurred(group, radius, own);
  });
}

function blurred(images: tf.Tensor4D, radius: number, sigmas: ArrayLike<number>): tf.Tensor4D {
  const [, height, width] = images.shape;
  const rows = blurTaps(height, radius, sigmas);
  return resampleUnchecked(images, rows, width === height ? rows : blurTaps(width, radius, sigmas));
}

/** The blur of one axis as taps; those outside have weight 0. Neighbours with the same sigma are copied. */
function blurTaps(size: number, radius: number, sigmas: ArrayLike<number>): ResampleTaps {
  const taps = 2 * radius + 1;
  const perImage = size * taps;
  const index = new Int32Array(sigmas.length * perImage);
  const weight = new Float32Array(sigmas.length * perImage);
  for (let n = 0; n < sigmas.length; n++) {
    const at = n * perImage;
    if (n > 0) index.copyWithin(at, 0, perImage);
    if (n > 0 && sigmas[n] === sigmas[n - 1]) {
      weight.copyWithin(at, at - perImage, at);
      continue;
    }
    const gaussian = gaussianTaps(radius, sigmas[n]!);
    for (let x = 0; x < size; x++)
      for (let k = 0; k < taps; k++) {
        const position = x + k - radius;
        const inside = position >= 0 && position < size;
        if (n === 0) index[x * taps + k] = inside ? position : x;
        weight[at + x * taps + k] = inside ? gaussian[k]! : 0;
      }
  }
  return { index, weight, size, taps };
}
