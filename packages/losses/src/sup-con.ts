import { checkPositive, checkShape } from "@simclr/core";
import { l2Normalize, weightedCrossEntropy } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { checkRows } from "./check-views.js";
import { offTape } from "./off-tape.js";
import { labelPairs } from "./same-label.js";

/** Added to the logits of self-pairs, so that their softmax weight is exactly 0 in float32. */
const MASKED_LOGIT = -1e9;

export interface SupConOptions {
  /** Softmax temperature τ, > 0, unitless. @defaultValue 0.1 */
  readonly temperature?: number;
}

/**
 * Supervised contrastive loss: all rows of an anchor's class are its positives. The mean over the anchors that have a
 * positive of -1/|P(i)| · sum over p in P(i) of log softmax over all other rows, at p.
 *
 * @param z - Projections of all views, float32 `[M, D]`, M >= 2, in any order; normalised here. Not disposed.
 * @param labels - Class index of each row, int32 `[M]`; a row of class -1 has no positives and is a negative of all
 * others. A constant. Not disposed.
 * @returns The loss in nats, >= 0, and 0 where no row has a positive; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes do not fit or τ is not > 0.
 * @remarks With a class of its own for every image and two views of each, it is NT-Xent. The official code multiplies
 * by τ / 0.07; this function, as the paper, does not. The default τ is the paper's for ImageNet.
 * @see Khosla et al. 2020, arXiv:2004.11362, Eq. 2 (L_out)
 */
export function supCon(z: tf.Tensor2D, labels: tf.Tensor1D, options: SupConOptions = {}): tf.Scalar {
  const { temperature = 0.1 } = options;
  checkShape("supCon", { z }, [null, null]);
  checkRows("supCon", { z }, 2, "An anchor needs another row to compare with; use a larger batch.");
  checkShape("supCon", { labels }, [z.shape[0]], "Give every row of `z` one class index, views of an image the same.");
  checkPositive("supCon", { temperature });
  return tf.tidy(() => {
    const unit = l2Normalize(z); // [M, D]
    const similarity = tf.div(tf.matMul(unit, unit, false, true), temperature); // [M, M]
    const logits = tf.add(similarity, tf.mul(tf.eye(z.shape[0]), MASKED_LOGIT)) as tf.Tensor2D; // [M, M]
    const positive = offTape(() => labelPairs(labels).positive); // [M, M]
    const positives = tf.sum(positive, 1, true); // [M, 1]
    const anchor = tf.cast(tf.greater(positives, 0), "float32"); // [M, 1]
    const weights = tf.divNoNan(anchor, tf.sum(anchor)) as tf.Tensor2D; // [M, 1]
    return weightedCrossEntropy(logits, tf.divNoNan(positive, positives) as tf.Tensor2D, weights); // []
  });
}
