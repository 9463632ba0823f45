import { l2Normalize } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { constantRows } from "./constant-rows.js";

/** The mean over rows of minus the cosine of prediction and target, in [-1, 1]; the target is a constant. */
export function negativeCosine(prediction: tf.Tensor2D, target: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => {
    const cosine = tf.sum(tf.mul(l2Normalize(prediction), constantRows(target)), 1); // [N]
    return tf.neg(tf.mean<tf.Scalar>(cosine)); // []
  });
}
