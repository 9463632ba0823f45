import { defineEncoder } from "@simclr/models";
import { makeNormalisedConvolution, normalisedConvolve, weightMaker } from "@simclr/models/layers";
import * as tf from "@tensorflow/tfjs-core";

/**
 * A few 3x3 convolutions of stride 2, each with twice the channels of the one before, batch norm and ReLU; then the mean over
 * all places. A hundredth of the work of the narrowest ResNet-18, so that any computer can watch it learn.
 */
export const convNet = defineEncoder({
  name: "conv-net",
  options: {
    /** Channels of the first layer. */
    width: 16,
    layers: 3,
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
      forward(images, pass) {
        const activation = { activation: "relu" } as const;
        const maps = blocks.reduce((x, block) => normalisedConvolve(block, x, pass, activation), images);
        return tf.mean<tf.Tensor2D>(maps, [1, 2]);
      },
    };
  },
});
