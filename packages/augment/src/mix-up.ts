import { checkChoice, checkInRange, checkPositive } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { drawBeta } from "./draw-beta.js";
import { defineMixing, type Mixing } from "./mixing.js";
import { drawEach } from "./per-image.js";

export interface MixUpOptions {
  /** α of the Beta(α, α) distribution of the image's own share λ, > 0. @defaultValue 0.2 */
  readonly alpha?: number;
  /** Chance that an image is mixed at all, in [0, 1]. @defaultValue 1 */
  readonly probability?: number;
  /** One λ for each image, or one for the whole batch, as the authors' code draws it. @defaultValue "image" */
  readonly lambdaPer?: "image" | "batch";
}

/**
 * Blends each image and its label with a partner: λ of its own, 1 - λ of the partner's. Takes any C. Records `applied`
 * and `lambda`.
 *
 * @throws InvalidArgumentError if an option leaves its range.
 * @see Zhang et al. 2018, arXiv:1710.09412
 */
export function mixUp(options: MixUpOptions = {}): Mixing {
  const { alpha = 0.2, probability = 1, lambdaPer = "image" } = options;
  checkPositive("mixUp", { alpha });
  checkInRange("mixUp", { probability }, 0, 1);
  checkChoice("mixUp", { lambdaPer }, ["image", "batch"]);
  return defineMixing({
    name: "mixUp",
    mix(batch, partners, context) {
      const shared = drawBeta(context.batchRandom, alpha);
      const drawn = drawEach(context, probability, (random) => ({
        lambda: lambdaPer === "batch" ? shared : drawBeta(random, alpha),
      }));
      const shares = drawn.map((own) => own?.lambda ?? 1);
      return {
        images: tf.tidy(() => blend(batch.images, partners.images, shares, [-1, 1, 1, 1])),
        labels: tf.tidy(() => blend(batch.labels, partners.labels, shares, [-1, 1])),
      };
    },
  });
}

/** λ a + (1 - λ) b, row by row. */
export function blend<T extends tf.Tensor>(a: T, b: T, lambda: readonly number[], shape: number[]): T {
  const share = tf.reshape(tf.tensor1d([...lambda], "float32"), shape);
  return tf.add(tf.mul(a, share), tf.mul(b, tf.sub(1, share)));
}
