import { defineAugmentation } from "@simclr/augment";
import { definePlugin } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/** Darkens each image by a factor of its own, drawn from [low, 1]. */
export const augmentation = defineAugmentation({
  name: "myPart", // as a configuration spells it
  // Every option with its default, as plain data.
  options: { low: 0.5 },
  checkOptions: ({ low }) => {
    if (!(low >= 0 && low <= 1)) throw new RangeError(`myPart: \`low\` must be in [0, 1]; received ${low}.`);
  },
  // float32 [N, H, W, C] in [0, 1], borrowed; one random stream for each image, so that batches may be split anywhere.
  apply: (images, { randoms }, { low }) => {
    const factors = randoms.map((random) => random.uniform(low, 1));
    return tf.tidy(() => tf.mul(images, tf.tensor4d(factors, [factors.length, 1, 1, 1])));
  },
});

export const plugin = definePlugin({ name: "simclr-plugin-my-part", apiVersion: 1, augmentations: [augmentation] });
