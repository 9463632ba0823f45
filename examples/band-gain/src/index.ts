import { defineAugmentation } from "@simclr/augment";
import * as tf from "@tensorflow/tfjs-core";

/** Red, green, blue and near infrared. */
const BANDS = 4;

/**
 * Changes the light: red, green and blue of an image are multiplied by one random factor, as the sun does it, and near
 * infrared by another, as it depends on the air and the season. Ratios of colours, which tell vegetation from water, stay.
 *
 * Factors come from U[1 - a, 1 + a], with a the option of the bands; results are clipped to [0, 1]. Records both factors.
 */
export const bandGain = defineAugmentation({
  name: "bandGain",
  options: {
    /** a of red, green and blue, in [0, 1]. */
    visible: 0.4,
    /** a of near infrared, in [0, 1]. */
    infrared: 0.2,
    /** Chance that an image is changed, in [0, 1]. */
    probability: 0.8,
  },
  checkOptions: (options) => {
    for (const [name, value] of Object.entries(options))
      if (!(value >= 0 && value <= 1))
        throw new RangeError(`bandGain: \`${name}\` must be in [0, 1]; received ${value}. Lower it.`);
  },
  apply: (images, { randoms, record }, { visible, infrared, probability }) => {
    const channels = images.shape[3];
    if (channels !== BANDS)
      throw new RangeError(
        `bandGain: images must have ${BANDS} channels, near infrared last; received ${channels}. Set \`data.channels: ${BANDS}\`.`,
      );
    const gains = randoms.flatMap((random, place) => {
      if (!random.bernoulli(probability)) {
        record?.(place, { applied: false });
        return [1, 1, 1, 1];
      }
      const light = random.uniform(1 - visible, 1 + visible);
      const heat = random.uniform(1 - infrared, 1 + infrared);
      record?.(place, { applied: true, light, heat });
      return [light, light, light, heat];
    });
    return tf.tidy(() => {
      const factors = tf.tensor4d(gains, [randoms.length, 1, 1, BANDS]);
      return tf.clipByValue(tf.mul(images, factors), 0, 1) as tf.Tensor4D; // [N, H, W, 4]
    });
  },
});
