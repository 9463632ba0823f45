import { checkPositive, checkSameShape, checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkRows } from "./check-views.js";
import { constantRows } from "./constant-rows.js";
import { weightedCrossEntropy } from "./cross-entropy.js";
import { normalizeRows } from "./normalize-rows.js";

export interface MomentumContrastOptions {
  /** Softmax temperature τ, > 0, unitless. @defaultValue 0.07 */
  readonly temperature?: number;
}

/**
 * InfoNCE against a queue, the loss of MoCo: picks each query's key out of its key and the K keys of a queue. Other
 * images of the batch are not negatives.
 *
 * @param query - Projections of the trained network, float32 `[N, D]`, N >= 1; normalised here. Not disposed.
 * @param key - Projections of the same images' other views by the momentum network, float32 `[N, D]`; constants, no
 * gradient reaches them. Not disposed.
 * @param queue - Keys of earlier batches, float32 `[K, D]`, K >= 1, as `enqueueKeys` gives them; constants. Not disposed.
 * @returns Mean over the N queries, in nats, >= 0; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes do not fit or τ is not > 0.
 * @see He et al. 2019, arXiv:1911.05722, Eq. 1
 */
export function momentumContrast(
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  queue: tf.Tensor2D,
  options: MomentumContrastOptions = {},
): tf.Scalar {
  const { temperature = 0.07 } = options;
  checkShape("momentumContrast", { query }, [null, null]);
  checkSameShape("momentumContrast", { query, key }, "Pass two views of the same images.");
  checkRows("momentumContrast", { query }, 1, "Pass a batch of projections.");
  checkShape("momentumContrast", { queue }, [null, query.shape[1]], "Keys and queries share one space.");
  checkRows("momentumContrast", { queue }, 1, "Fill it with initialKeyQueue before the first step.");
  checkPositive("momentumContrast", { temperature });
  const rows = query.shape[0];
  return tf.tidy(() => {
    const unit = normalizeRows(query); // [N, D]
    const positive = tf.sum(tf.mul(unit, constantRows(key)), 1, true); // [N, 1]
    const negative = tf.matMul(unit, constantRows(queue), false, true); // [N, K]
    const logits = tf.div(tf.concat([positive, negative], 1), temperature) as tf.Tensor2D; // [N, 1 + K]
    const first = tf.oneHot(tf.zeros([rows], "int32"), logits.shape[1], 1, 0, "float32") as tf.Tensor2D; // [N, 1 + K]
    return weightedCrossEntropy(logits, first, tf.fill([rows, 1], 1 / rows)); // []
  });
}
