import { definePlugin } from "@simclr/core";
import { defineLoss } from "@simclr/losses";
import * as tf from "@tensorflow/tfjs-core";

/** Keeps the length of a row of zeros, and its gradient, finite. */
const SMALLEST_SQUARE = 1e-12;

/**
 * Alignment and uniformity: views of an image close together, all images spread over the sphere.
 *
 *     mean_i |a_i - b_i|^2  +  weight / 2 · (U(a) + U(b)),   U(x) = log mean_{i≠j} exp(-t |x_i - x_j|^2)
 *
 * with a and b the L2-normalized rows of the projections. There is no temperature and no pair across the views.
 *
 * @see Wang and Isola 2020, arXiv:2005.10242, section 4.1.2 (alpha = 2)
 */
export const alignmentUniformity = defineLoss({
  name: "alignment-uniformity",
  options: {
    /** Weight of the uniformity, >= 0. */
    weight: 1,
    /** t of the Gaussian potential, > 0. */
    t: 2,
  },
  loss: ([z1, z2]: readonly [tf.Tensor2D, tf.Tensor2D], { weight, t }) =>
    tf.tidy(() => {
      const [a, b] = [unitRows(z1), unitRows(z2)]; // [N, D]
      const alignment = tf.mean(tf.sum(tf.square(tf.sub(a, b)), 1));
      const uniformity = tf.add(spread(a, t), spread(b, t));
      return tf.add(alignment, tf.mul(weight / 2, uniformity)) as tf.Scalar;
    }),
});

export const plugin = definePlugin({
  name: "simclr-plugin-alignment-uniformity",
  apiVersion: 1,
  losses: [alignmentUniformity],
});

function unitRows(z: tf.Tensor2D): tf.Tensor2D {
  const squares = tf.sum(tf.square(z), 1, true); // [N, 1]
  return tf.mul(z, tf.rsqrt(tf.maximum(squares, SMALLEST_SQUARE)));
}

/** U(x) of unit rows x: the log of the mean potential over pairs of different rows. */
function spread(x: tf.Tensor2D, t: number): tf.Tensor {
  const rows = x.shape[0];
  const cosines = tf.matMul(x, x, false, true); // [N, N]; |x_i - x_j|^2 = 2 - 2 cos
  const potentials = tf.exp(tf.mul(2 * t, tf.sub(cosines, 1)));
  const others = tf.sub(1, tf.eye(rows));
  return tf.log(tf.div(tf.sum(tf.mul(potentials, others)), rows * (rows - 1)));
}
