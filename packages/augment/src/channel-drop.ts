import { checkInRange, checkInteger, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { drawEach, mapDrawn } from "./per-image.js";

export interface ChannelDropOptions {
  /** Chance that an image loses channels, in [0, 1]. @defaultValue 0.2 */
  readonly probability?: number;
  /** Channels that it loses, >= 1 and fewer than it has. @defaultValue 1 */
  readonly count?: number;
  /** What they are filled with, in [0, 1]. @defaultValue 0 */
  readonly fill?: number;
}

/**
 * Fills randomly chosen channels of an image with one value, so that no network leans on a single one. Takes any C
 * above `count`. Records `applied` and the `channels`, in rising order.
 *
 * @throws InvalidArgumentError if an option leaves its range; from `apply`, if no channel would be left.
 * @see `albumentations.ChannelDropout`
 */
export function channelDrop(options: ChannelDropOptions = {}): Augmentation {
  const { probability = 0.2, count = 1, fill = 0 } = options;
  checkInRange("channelDrop", { probability }, 0, 1);
  checkInteger("channelDrop", { count }, 1);
  checkInRange("channelDrop", { fill }, 0, 1);
  return defineAugmentation({
    name: "channelDrop",
    apply: (images, context) => {
      const channels = images.shape[3];
      if (count >= channels)
        throw new InvalidArgumentError(
          `channelDrop: \`images\` must have more channels than \`count\`, ${count}; received ${channels}. Take channelDrop out of the recipe, or lower \`count\`.`,
          { subject: "images", expected: `> ${count} channels`, received: String(channels) },
        );
      const drawn = drawEach(context, probability, (random) => ({
        channels: [...random.permutation(channels).slice(0, count)].sort((a, b) => a - b),
      }));
      return mapDrawn(images, drawn, (group, dropped) => {
        const kept = new Float32Array(dropped.length * channels).fill(1);
        for (const [i, drop] of dropped.entries())
          for (const channel of drop.channels) kept[i * channels + channel] = 0;
        const isKept = tf.tensor4d(kept, [dropped.length, 1, 1, channels]);
        return tf.add(tf.mul(group, isKept), tf.mul(tf.sub(1, isKept), fill)); // [n, H, W, C]
      });
    },
  });
}
