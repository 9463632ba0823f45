import { checkPositive } from "@simclr/core";
import { l2Normalize } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { checkViews } from "./check-views.js";
import { NEEDS_NEGATIVES, swapViews } from "./nt-xent.js";

/** Added to the logits that the denominator leaves out, so that their weight is exactly 0 in float32. */
const MASKED_LOGIT = -1e9;

export interface DecoupledNtXentOptions {
  /** Softmax temperature τ, > 0, unitless. @defaultValue 0.1 */
  readonly temperature?: number;
}

/**
 * Decoupled contrastive loss (DCL): NT-Xent whose denominator holds the negatives alone, so that a pair which is already
 * close does not weaken its own gradient. That helps most where a batch has few images.
 *
 * @param z1 - Projections of the first views, float32 `[N, D]`, N >= 2; normalised here. Not disposed.
 * @param z2 - Projections of the second views, float32 `[N, D]`. Not disposed.
 * @returns Mean over the 2N views, in nats, of any sign, >= log(2N - 2) - 2/τ; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes differ, N is 1, or τ is not > 0.
 * @remarks The paper's weighted variant, DCLW, is not offered.
 * @see Yeh et al. 2021, arXiv:2110.06848, Eq. 5
 */
export function decoupledNtXent(z1: tf.Tensor2D, z2: tf.Tensor2D, options: DecoupledNtXentOptions = {}): tf.Scalar {
  const { temperature = 0.1 } = options;
  checkViews("decoupledNtXent", z1, z2, NEEDS_NEGATIVES);
  checkPositive("decoupledNtXent", { temperature });
  return tf.tidy(() => {
    const unit = l2Normalize(tf.concat2d([z1, z2], 0)); // [2N, D]
    const similarity = tf.div(tf.matMul(unit, unit, false, true), temperature); // [2N, 2N]
    const sameImage = tf.tile(tf.eye(z1.shape[0]), [2, 2]); // [2N, 2N], self and partner
    const logits = tf.add(similarity, tf.mul(sameImage, MASKED_LOGIT)); // [2N, 2N]
    const positive = tf.div(tf.sum(tf.mul(unit, swapViews(unit)), 1), temperature); // [2N]
    return tf.mean<tf.Scalar>(tf.sub(tf.logSumExp(logits, 1), positive)); // []
  });
}
