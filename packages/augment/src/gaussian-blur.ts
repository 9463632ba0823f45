import { checkChoice, checkInRange, checkInteger, InvalidArgumentError } from "@simclr/core";
import { gaussianBlur as blur } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";

export interface GaussianBlurAugmentationOptions {
  /** Chance that an image is blurred, in [0, 1]. @defaultValue 0.5 */
  readonly probability?: number;
  /** Range of the standard deviation in pixels. @defaultValue [0.1, 2] */
  readonly sigma?: readonly [number, number];
  /** One sigma for the whole batch, as the reference code draws it, or one per image, as the paper says. @defaultValue "batch" */
  readonly sigmaPer?: "batch" | "image";
  /** Width of the kernel in pixels. @defaultValue a tenth of the images' height, rounded down */
  readonly kernelSize?: number;
}

/**
 * Blurs images with a Gaussian, each with the given probability, and clips all of them to [0, 1]. Outside an image
 * there is black. Images below 20 pixels have a kernel of one pixel, and are only clipped.
 * Takes any C. Records `applied` and `sigmaPx`.
 *
 * @see simclr/data_util.py, `batch_random_blur`; `gaussianBlur` of `@simclr/ops`
 */
export function gaussianBlur(options: GaussianBlurAugmentationOptions = {}): Augmentation {
  const { probability = 0.5, sigma = [0.1, 2], sigmaPer = "batch" } = options;
  checkInRange("gaussianBlur", { probability }, 0, 1);
  checkChoice("gaussianBlur", { sigmaPer }, ["batch", "image"]);
  if (options.kernelSize !== undefined) checkInteger("gaussianBlur", { kernelSize: options.kernelSize });
  const [low, high] = sigma;
  if (!(low > 0 && low <= high && Number.isFinite(high)))
    throw new InvalidArgumentError(
      `gaussianBlur: \`sigma\` must be a range [low, high] with 0 < low <= high; received [${low}, ${high}].`,
      { subject: "sigma", expected: "0 < low <= high", received: `[${low}, ${high}]` },
    );
  return defineAugmentation({
    name: "gaussianBlur",
    apply: (images, { randoms, batchRandom, record }) => {
      const kernelSize = options.kernelSize ?? Math.floor(images.shape[1] / 10);
      const blurred = randoms.map((random) => Number(random.bernoulli(probability)));
      const batchSigma = batchRandom.uniform(low, high);
      const sigmas = randoms.map((random) => (sigmaPer === "batch" ? batchSigma : random.uniform(low, high)));
      for (const [place, on] of blurred.entries())
        record?.(place, on === 1 ? { applied: true, sigmaPx: sigmas[place]! } : { applied: false });
      const drawn = sigmas.map((sigmaPx, i) => (blurred[i] === 1 ? sigmaPx : 0));
      return tf.tidy(() => tf.clipByValue(blur(images, { kernelSize, sigma: drawn }), 0, 1)); // [N, H, W, C]
    },
  });
}
