import { defineHead, type HeadLayer } from "@simclr/models";
import { weightMaker } from "@simclr/models/layers";
import * as tf from "@tensorflow/tfjs-core";

/** Added to the variance. */
const EPSILON = 1e-5;

/**
 * A projection head without batch statistics: dense layers, each followed by layer norm, so that what becomes of an image
 * does not depend on the others of its batch; ReLU between them.
 *
 * @see Ba et al. 2016, arXiv:1607.06450
 */
export const layerNormHead = defineHead({
  name: "layer-norm-head",
  options: {
    /** Length of the vectors after each layer; the last is that of a projection. */
    lengths: [128, 64],
  },
  checkOptions({ lengths }) {
    if (lengths.length > 0 && lengths.every((length) => Number.isInteger(length) && length >= 2)) return;
    throw new RangeError(
      `layer-norm-head: \`lengths\` must be integers >= 2, one or more; received [${lengths.join(", ")}].`,
    );
  },
  build: ({ options: { lengths }, inputDimension, random }) =>
    lengths.map((outputs, i): HeadLayer => {
      const { make, weights } = weightMaker(random);
      const inputs = lengths[i - 1] ?? inputDimension;
      const constant = (value: number) => ({ kind: "constant", value }) as const;
      const kernel = make(
        { name: `layer${i}/kernel`, role: "kernel", shape: [inputs, outputs] },
        { kind: "variance-scaling", fanIn: inputs },
      );
      const gamma = make({ name: `layer${i}/gamma`, role: "gamma", shape: [outputs] }, constant(1));
      const beta = make({ name: `layer${i}/beta`, role: "beta", shape: [outputs] }, constant(0));
      const isLast = i === lengths.length - 1;
      return {
        weights,
        outputDimension: outputs,
        forward(x) {
          const dense = tf.matMul<tf.Tensor2D>(x, kernel.variable); // [N, outputs]
          const normal = tf.add(tf.mul(layerNorm(dense), gamma.variable), beta.variable) as tf.Tensor2D;
          return isLast ? normal : tf.relu(normal);
        },
      };
    }),
});

/** Every row with mean 0 and variance 1. @param x - float32 `[N, D]`. */
function layerNorm(x: tf.Tensor2D): tf.Tensor2D {
  const { mean, variance } = tf.moments(x, 1, true); // [N, 1]
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
}
