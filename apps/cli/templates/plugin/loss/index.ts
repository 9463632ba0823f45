import { definePlugin } from "@simclr/core";
import { defineLoss } from "@simclr/losses";
import * as tf from "@tensorflow/tfjs-core";

/** Keeps the length of a row of zeros, and its gradient, finite. */
const SMALLEST_SQUARE = 1e-12;

/**
 * Each view has to find the other view of its image among those of all images, by cosine:
 *
 *     mean_i [ (log sum_j exp(a_i·b_j / T) + log sum_j exp(a_j·b_i / T)) / 2 - a_i·b_i / T ]
 *
 * with a and b the L2-normalized rows of the projections.
 */
export const loss = defineLoss({
  name: "my-part", // as a configuration spells it
  // Every option with its default, as plain data.
  options: { temperature: 0.5 },
  // The projections of two views, float32 [N, D] each, borrowed; a scalar comes back, and nothing else stays in memory.
  loss: ([z1, z2]: readonly [tf.Tensor2D, tf.Tensor2D], { temperature }) =>
    tf.tidy(() => {
      const [a, b] = [unitRows(z1), unitRows(z2)];
      const logits = tf.div(tf.matMul(a, b, false, true), temperature); // [N, N]
      const partners = tf.div(tf.sum(tf.mul(a, b), 1), temperature); // [N]
      const all = tf.div(tf.add(tf.logSumExp(logits, 1), tf.logSumExp(logits, 0)), 2); // [N]
      return tf.mean(tf.sub(all, partners)) as tf.Scalar;
    }),
});

export const plugin = definePlugin({ name: "simclr-plugin-my-part", apiVersion: 1, losses: [loss] });

function unitRows(z: tf.Tensor2D): tf.Tensor2D {
  const squares = tf.sum(tf.square(z), 1, true); // [N, 1]
  return tf.mul(z, tf.rsqrt(tf.maximum(squares, SMALLEST_SQUARE)));
}
