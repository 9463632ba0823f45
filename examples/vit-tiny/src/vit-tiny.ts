import { defineEncoder } from "@simclr/models";
import { weightMaker } from "@simclr/models/layers";
import * as tf from "@tensorflow/tfjs-core";
import { DEVIATION, dense, layerNorm, makeDense, makeLayerNorm } from "./layers.js";
import { makeBlock, runBlock } from "./transformer-block.js";

/**
 * A vision transformer of the size ViT-Ti: patches of the image become tokens with a learned position, pass through blocks
 * of attention, and their mean is the representation. There is no class token.
 *
 * @see Dosovitskiy et al. 2020, arXiv:2010.11929; Touvron et al. 2020, arXiv:2012.12877 (the size)
 */
export const vitTiny = defineEncoder({
  name: "vit-tiny",
  options: {
    /** Side of a patch, in pixels; divides the image's. */
    patchSize: 16,
    /** Length of a token. */
    dimension: 192,
    blocks: 12,
    /** Of each block's attention; divides `dimension`. */
    heads: 3,
    /** Hidden length of a block's perceptron, in lengths of a token. */
    mlpRatio: 4,
  },
  checkOptions(options, { imageSize }) {
    for (const [name, value] of Object.entries(options))
      if (!(Number.isInteger(value) && value >= 1))
        throw new RangeError(`vit-tiny: \`${name}\` must be an integer >= 1; received ${value}.`);
    const { patchSize, dimension, heads } = options;
    if (imageSize % patchSize !== 0)
      throw new RangeError(
        `vit-tiny: \`patchSize\` must divide the image's ${imageSize} pixels; received ${patchSize}. Take another one, such as ${imageSize / 8}.`,
      );
    if (dimension % heads !== 0)
      throw new RangeError(`vit-tiny: \`heads\` must divide \`dimension\`, ${dimension}; received ${heads}.`);
  },
  build({ options, imageSize, channels, random }) {
    const { patchSize, dimension, blocks: count } = options;
    const { make, weights } = weightMaker(random);
    const side = imageSize / patchSize;
    const tokens = side * side;
    const pixels = patchSize * patchSize * channels;
    const embedding = makeDense(make, "embedding", pixels, dimension);
    const position = make(
      { name: "position", role: "kernel", shape: [tokens, dimension] },
      { kind: "normal", deviation: DEVIATION },
    );
    const blocks = Array.from({ length: count }, (_, i) => makeBlock(make, `block${i}`, options));
    const norm = makeLayerNorm(make, "norm", dimension);
    return {
      weights,
      featureDimension: dimension,
      forward(images) {
        const patches = tf.transpose(
          tf.reshape(images, [-1, side, patchSize, side, patchSize * channels]),
          [0, 1, 3, 2, 4],
        ); // [N, side, side, patchSize, patchSize * channels]
        const embedded = dense(embedding, tf.reshape(patches, [-1, tokens, pixels])); // [N, T, D]
        let x = tf.add(embedded, position.variable) as tf.Tensor3D;
        for (const block of blocks) x = runBlock(block, x);
        return tf.mean<tf.Tensor2D>(layerNorm(norm, x), 1); // [N, D]
      },
    };
  },
});
