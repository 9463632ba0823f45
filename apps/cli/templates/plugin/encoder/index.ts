import { definePlugin } from "@simclr/core";
import { defineEncoder } from "@simclr/models";
import { makeNormalisedConvolution, normalisedConvolve, weightMaker } from "@simclr/models/layers";
import * as tf from "@tensorflow/tfjs-core";

/** A few 3x3 convolutions of stride 2, each with twice the channels of the one before; then the mean over all places. */
export const encoder = defineEncoder({
  name: "my-part", // as a configuration spells it
  // Every option with its default, as plain data.
  options: { width: 16, layers: 3 },
  checkOptions({ width, layers }, { imageSize }) {
    for (const [name, value] of Object.entries({ width, layers }))
      if (!(Number.isInteger(value) && value >= 1))
        throw new RangeError(`my-part: \`${name}\` must be an integer >= 1; received ${value}.`);
    if (imageSize < 2 ** layers)
      throw new RangeError(
        `my-part: ${layers} layers need images of ${2 ** layers} pixels or more; received ${imageSize}. Take fewer \`layers\`.`,
      );
  },
  build({ options: { width, layers }, channels, random }) {
    const { make, weights } = weightMaker(random); // every weight has a name, a role and a start from `random`
    const blocks = Array.from({ length: layers }, (_, i) => {
      const inputs = i === 0 ? channels : width * 2 ** (i - 1);
      const shape = { inputs, filters: width * 2 ** i, size: 3, stride: 2 };
      return makeNormalisedConvolution(make, { convolution: `layer${i}/conv`, norm: `layer${i}/norm` }, shape);
    });
    return {
      weights,
      featureDimension: width * 2 ** (layers - 1),
      minimumSize: 2 ** layers,
      endpoints: blocks.map((_, i) => `layer${i}`),
      // float32 [N, H, W, C]; `pass` says whether this is training, and takes the statistics of batch norm.
      forward(images, pass) {
        const endpoints: Record<string, tf.Tensor> = {};
        let x = images;
        for (const [i, block] of blocks.entries()) {
          x = normalisedConvolve(block, x, pass, { activation: "relu" });
          endpoints[`layer${i}`] = x;
        }
        return { pooled: tf.mean<tf.Tensor2D>(x, [1, 2]), endpoints };
      },
    };
  },
});

export const plugin = definePlugin({ name: "simclr-plugin-my-part", apiVersion: 1, encoders: [encoder] });
