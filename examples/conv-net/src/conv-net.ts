import { defineEncoder } from "@simclr/models";
import { makeNormalisedConvolution, normalisedConvolve, weightMaker } from "@simclr/models/layers";
import * as tf from "@tensorflow/tfjs-core";

/**
 * A few 3x3 convolutions of stride 2, each with twice the channels of the one before, batch norm and ReLU; then the mean
 * over all places. For small images and short experiments.
 */
export const convNet = defineEncoder({
  name: "conv-net",
  options: {
    /** Channels of the first layer, >= 1. */
    width: 32,
    /** Number of layers, >= 1; each halves height and width. */
    layers: 3,
  },
  checkOptions({ width, layers }, { imageSize }) {
    for (const [name, value] of Object.entries({ width, layers }))
      if (!(Number.isInteger(value) && value >= 1))
        throw new RangeError(`conv-net: \`${name}\` must be an integer >= 1; received ${value}.`);
    if (imageSize < 2 ** layers)
      throw new RangeError(
        `conv-net: ${layers} layers need images of ${2 ** layers} pixels or more; received ${imageSize}. Take fewer \`layers\`.`,
      );
  },
  build({ options: { width, layers }, channels, random }) {
    const { make, weights } = weightMaker(random);
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
      forward(images, pass) {
        const endpoints: Record<string, tf.Tensor> = {};
        let x = images;
        for (const [i, block] of blocks.entries()) {
          x = normalisedConvolve(block, x, pass, { activation: "relu" }); // [N, ceil(H / 2), ceil(W / 2), F]
          endpoints[`layer${i}`] = x;
        }
        return { pooled: tf.mean<tf.Tensor2D>(x, [1, 2]), endpoints };
      },
    };
  },
});
