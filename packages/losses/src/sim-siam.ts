import { checkSameShape, checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkRows } from "./check-views.js";
import { negativeCosine } from "./negative-cosine.js";

/**
 * The loss of SimSiam: minus the cosine of each view's prediction and the other view's projection, which is a constant
 * ("stop-gradient"). It has neither negatives nor a momentum network.
 *
 * @param p1 - The predictor's output for the first views, float32 `[N, D]`, N >= 1; normalised here. Not disposed.
 * @param p2 - The same for the second views. Not disposed.
 * @param z1 - Projections of the first views, `[N, D]`, the predictor's input; no gradient reaches them. Not disposed.
 * @param z2 - Projections of the second views, likewise. Not disposed.
 * @returns Mean over views, in [-1, 1]; float32 `[]`. The caller disposes it. Near -1 with projections that are all
 * alike means collapse: watch the deviation of normalised projections too.
 * @throws InvalidArgumentError if the shapes do not fit.
 * @see Chen and He 2020, arXiv:2011.10566, Eq. 4
 */
export function simSiam(p1: tf.Tensor2D, p2: tf.Tensor2D, z1: tf.Tensor2D, z2: tf.Tensor2D): tf.Scalar {
  checkShape("simSiam", { p1 }, [null, null]);
  checkSameShape("simSiam", { p1, p2, z1, z2 }, "Pass two views of the same images, before and after the predictor.");
  checkRows("simSiam", { p1 }, 1, "Pass a batch of predictions.");
  return tf.tidy(() => tf.mul<tf.Scalar>(0.5, tf.add(negativeCosine(p1, z2), negativeCosine(p2, z1))));
}
