import { checkInteger, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type ResampleTaps, resampleUnchecked } from "./separable-resample.js";

export interface GaussianBlurOptions {
  /** Width of the kernel in pixels, >= 0; there are 2 * floor(kernelSize / 2) + 1 taps. */
  readonly kernelSize: number;
  /** Standard deviation in pixels, > 0: one for the batch, or one per image, [N]. */
  readonly sigma: number | ArrayLike<number>;
}

/**
 * The weights of a Gaussian on -radius … radius, normalised to sum to 1.
 *
 * @param radius - Whole number of pixels, >= 0.
 * @param sigma - Standard deviation in pixels, > 0.
 * @returns float64 [2 * radius + 1].
 */
export function gaussianTaps(radius: number, sigma: number): Float64Array {
  const taps = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const sum = taps.reduce((a, b) => a + b);
  return taps.map((tap) => tap / sum);
}

/**
 * Blurs images with a Gaussian, along rows and along columns. Outside an image there is black, so borders darken.
 *
 * @param images - float32 [N, H, W, C]. Not disposed.
 * @returns float32 [N, H, W, C]. The caller disposes it. Has no gradient: augmentations are not differentiated.
 * @throws InvalidArgumentError if a sigma is not > 0, or there is not one per image.
 * @see simclr/data_util.py, `gaussian_blur`
 */
export function gaussianBlur(images: tf.Tensor4D, options: GaussianBlurOptions): tf.Tensor4D {
  const { kernelSize, sigma } = options;
  const [batchSize, height, width] = images.shape;
  checkInteger("gaussianBlur", { kernelSize });
  const sigmas = typeof sigma === "number" ? new Float64Array(batchSize).fill(sigma) : sigma;
  if (sigmas.length !== batchSize)
    throw new InvalidArgumentError(
      `gaussianBlur: \`sigma\` must be one number, or one per image, ${batchSize}; received ${sigmas.length}.`,
      { subject: "sigma", expected: String(batchSize), received: String(sigmas.length) },
    );
  for (let i = 0; i < batchSize; i++)
    if (!(sigmas[i]! > 0 && Number.isFinite(sigmas[i]!)))
      throw new InvalidArgumentError(`gaussianBlur: \`sigma\` must be a finite number > 0; received ${sigmas[i]}.`, {
        subject: "sigma",
        expected: "a finite number > 0",
        received: String(sigmas[i]),
      });
  const radius = Math.floor(kernelSize / 2);
  if (radius === 0 || batchSize === 0) return tf.clone(images);
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
