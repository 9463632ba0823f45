import { checkShape, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { AugmentationContext } from "./augmentation.js";

/** Images and how much each class is in them. */
export interface LabelledImages {
  /** float32 [N, H, W, C], nominally in [0, 1]. */
  readonly images: tf.Tensor4D;
  /** Soft labels, float32 [N, K]: >= 0, each row sums to 1; see `softLabels`. */
  readonly labels: tf.Tensor2D;
}

/** Mixes each image of a batch, and its label, with a partner. */
export interface Mixing {
  /** Names the random streams, and the mixing in messages. */
  readonly name: string;
  /**
   * @param batch - Borrowed: not disposed, not kept.
   * @param partners - Row i is what image i is mixed with; of the same shapes. Borrowed.
   * @param context - One stream per image, and one for the batch; `record` as in an augmentation.
   * @returns New images and labels of the same shapes. The caller disposes both. Nothing else stays in memory.
   */
  mix(batch: LabelledImages, partners: LabelledImages, context: AugmentationContext): LabelledImages;
}

/**
 * Makes a mixing out of a plain object, and checks it at every call: that the two batches fit, that images and labels
 * come back in their shapes, and that no tensor is left behind.
 *
 * It sees pairs and not a batch, so what an image becomes depends on its partner and its own stream, and on nothing
 * else; `mixBatch` finds the partners.
 *
 * @example
 * const average = defineMixing({
 *   name: "average",
 *   mix: (a, b) => ({
 *     images: tf.tidy(() => tf.div(tf.add(a.images, b.images), 2)),
 *     labels: tf.tidy(() => tf.div(tf.add(a.labels, b.labels), 2)),
 *   }),
 * });
 *
 * @throws InvalidArgumentError now, if the definition makes no sense; from `mix`, if a check fails.
 */
export function defineMixing(definition: Mixing): Mixing {
  const { name } = definition;
  if (typeof name !== "string" || name === "" || typeof definition.mix !== "function")
    throw new InvalidArgumentError(
      `defineMixing: a mixing must have a \`name\` and a function \`mix\`; received ${JSON.stringify(name)} and ${typeof definition.mix}. See mixUp for an example.`,
      {
        subject: "definition",
        expected: "{ name, mix }",
        received: `${JSON.stringify(name)}, ${typeof definition.mix}`,
      },
    );
  return {
    name,
    mix(batch, partners, context) {
      checkLabelled(name, batch);
      checkShape(name, { "partners.images": partners.images }, batch.images.shape, "Partners are images of one batch.");
      checkShape(name, { "partners.labels": partners.labels }, batch.labels.shape, "Partners have the same classes.");
      const before = tf.memory().numTensors;
      const mixed = tf.tidy(() => {
        const { images, labels } = definition.mix(batch, partners, context);
        const left = tf.memory().numTensors - before - 2;
        if (left > 0)
          throw new InvalidArgumentError(
            `mixing "${name}" left ${left} ${left === 1 ? "tensor" : "tensors"} in memory besides its images and labels. Wrap its body in tf.tidy.`,
            { subject: name, expected: "2 new tensors", received: String(left + 2) },
          );
        checkShape(name, { "mixed images": images }, batch.images.shape, "Mixing keeps the images' shape.");
        checkShape(name, { "mixed labels": labels }, batch.labels.shape, "Mixing keeps the labels' shape.");
        return { images, labels };
      });
      return mixed;
    },
  };
}

/**
 * Throws unless images and labels are of one batch.
 *
 * @throws InvalidArgumentError naming the tensor that does not fit.
 */
export function checkLabelled(where: string, { images, labels }: LabelledImages): void {
  checkShape(where, { images }, [null, null, null, null], "Images are [N, H, W, C].");
  checkShape(where, { labels }, [images.shape[0], null], "Make soft labels, [N, classes], with softLabels.");
  if (labels.dtype === "float32") return;
  throw new InvalidArgumentError(
    `${where}: \`labels\` must be float32 [N, classes], soft labels; received ${labels.dtype}. Make them with softLabels.`,
    { subject: "labels", expected: "float32", received: labels.dtype },
  );
}
