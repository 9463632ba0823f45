import { checkSameShape, checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkRows } from "./check-views.js";
import { negativeCosine } from "./negative-cosine.js";

/**
 * The regression loss of BYOL: the squared distance between a prediction and its target, both of length 1, which is
 * 2 - 2 · cosine. It has no negatives; the momentum network of the target and the predictor keep it from collapsing.
 *
 * @param prediction - The predictor's output for one view, float32 `[N, D]`, N >= 1; normalised here. Not disposed.
 * @param target - The momentum network's projection of the other view, float32 `[N, D]`; a constant, no gradient
 * reaches it. Not disposed.
 * @returns Mean over rows, in [0, 4]; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes do not fit.
 * @remarks One direction of Eq. 2. The paper's loss adds the one with the views swapped:
 * `tf.add(byolRegression(p1, z2), byolRegression(p2, z1))`.
 * @see Grill et al. 2020, arXiv:2006.07733, Eq. 2
 */
export function byolRegression(prediction: tf.Tensor2D, target: tf.Tensor2D): tf.Scalar {
  checkShape("byolRegression", { prediction }, [null, null]);
  checkSameShape("byolRegression", { prediction, target }, "Predict the projections of the same images' other views.");
  checkRows("byolRegression", { prediction }, 1, "Pass a batch of predictions.");
  return tf.tidy(() => tf.add<tf.Scalar>(2, tf.mul(2, negativeCosine(prediction, target))));
}
