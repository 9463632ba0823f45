import { type CropBox, checkChoice, checkInRange, checkPositive, type Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { fillBoxes } from "./box-mask.js";
import { drawBeta } from "./draw-beta.js";
import { blend } from "./mix-up.js";
import { defineMixing, type Mixing } from "./mixing.js";
import { drawEach } from "./per-image.js";

export interface CutMixOptions {
  /** α of the Beta(α, α) distribution of the share λ that an image keeps, > 0. @defaultValue 1 */
  readonly alpha?: number;
  /** Chance that an image is mixed at all, in [0, 1]. @defaultValue 1 */
  readonly probability?: number;
  /** One λ for each image, or one for the whole batch, as the authors' code draws it. @defaultValue "image" */
  readonly lambdaPer?: "image" | "batch";
}

/**
 * Pastes a box of a partner over each image, at the same place, and mixes the labels by area. Takes any C. Records
 * `applied`, the box (`top`, `left`, `height`, `width` in pixels) and `lambda`, the share of the image that is left.
 *
 * The box has the image's proportions and about 1 - λ of its area; what sticks out of the image is cut off, and labels
 * follow the pixels that were pasted.
 *
 * @throws InvalidArgumentError if an option leaves its range.
 * @see Yun et al. 2019, arXiv:1905.04899
 * @remarks Each image draws its own centre; the authors' code draws one for the whole batch.
 */
export function cutMix(options: CutMixOptions = {}): Mixing {
  const { alpha = 1, probability = 1, lambdaPer = "image" } = options;
  checkPositive("cutMix", { alpha });
  checkInRange("cutMix", { probability }, 0, 1);
  checkChoice("cutMix", { lambdaPer }, ["image", "batch"]);
  return defineMixing({
    name: "cutMix",
    mix(batch, partners, context) {
      const [, height, width] = batch.images.shape;
      const shared = drawBeta(context.batchRandom, alpha);
      const drawn = drawEach(context, probability, (random) => {
        const kept = lambdaPer === "batch" ? shared : drawBeta(random, alpha);
        const box = pastedBox(random, kept, height, width);
        return { ...box, lambda: 1 - (box.height * box.width) / (height * width) };
      });
      return {
        images: fillBoxes(batch.images, drawn, partners.images),
        labels: tf.tidy(() =>
          blend(
            batch.labels,
            partners.labels,
            drawn.map((box) => box?.lambda ?? 1),
            [-1, 1],
          ),
        ),
      };
    },
  });
}

/** A box of about 1 - `kept` of the image, around a random pixel, within the image. */
function pastedBox(random: Random, kept: number, height: number, width: number): CropBox {
  const side = Math.sqrt(1 - kept);
  const [top, bottom] = around(random, Math.floor(height * side), height);
  const [left, right] = around(random, Math.floor(width * side), width);
  return { top, left, height: bottom - top, width: right - left };
}

function around(random: Random, length: number, size: number): readonly [number, number] {
  const start = random.integer(0, size) - Math.floor(length / 2);
  return [Math.max(start, 0), Math.min(start + length, size)];
}
