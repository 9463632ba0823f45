import { checkPositive, checkSameShape, checkShape } from "@simclr/core";
import { l2Normalize, weightedCrossEntropy } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { checkRows } from "./check-views.js";
import { constantRows } from "./constant-rows.js";

export interface MomentumContrastOptions {
  /** Softmax temperature τ, > 0, unitless. @defaultValue 0.07 */
  readonly temperature?: number;
  /**
   * Whether the keys of the batch's other images are negatives too, as SimCLRv2 describes its memory: "current and past
   * batches". In MoCo only past ones are. @defaultValue false
   */
  readonly batchNegatives?: boolean;
}

/**
 * InfoNCE against a queue, the loss of MoCo: picks each query's key out of its key and the K keys of a queue, and with
 * `batchNegatives` out of the keys of the batch as well.
 *
 * @param query - Projections of the trained network, float32 `[N, D]`, N >= 1; normalised here. Not disposed.
 * @param key - Projections of the same images' other views by the momentum network, float32 `[N, D]`; constants, no
 * gradient reaches them. Not disposed.
 * @param queue - Keys of earlier batches, float32 `[K, D]`, K >= 1, as `enqueueKeys` gives them; constants. Not disposed.
 * @returns Mean over the N queries, in nats, >= 0; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes do not fit or τ is not > 0.
 * @see He et al. 2019, arXiv:1911.05722, Eq. 1; Chen et al. 2020, arXiv:2006.10029, section 2 (memory)
 */
export function momentumContrast(
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  queue: tf.Tensor2D,
  options: MomentumContrastOptions = {},
): tf.Scalar {
  const { temperature = 0.07, batchNegatives = false } = options;
  checkShape("momentumContrast", { query }, [null, null]);
  checkSameShape("momentumContrast", { query, key }, "Pass two views of the same images.");
  checkRows("momentumContrast", { query }, 1, "Pass a batch of projections.");
  checkShape("momentumContrast", { queue }, [null, query.shape[1]], "Keys and queries share one space.");
  checkRows("momentumContrast", { queue }, 1, "Fill it with initialKeyQueue before the first step.");
  checkPositive("momentumContrast", { temperature });
  const rows = query.shape[0];
  return tf.tidy(() => {
    const unit = l2Normalize(query); // [N, D]
    const keys = constantRows(key); // [N, D]
    const past = tf.matMul(unit, constantRows(queue), false, true); // [N, K]
    const present = batchNegatives
      ? tf.matMul(unit, keys, false, true) // [N, N], the own key on the diagonal
      : tf.sum(tf.mul(unit, keys), 1, true); // [N, 1]
    const logits = tf.div(tf.concat([present, past], 1), temperature) as tf.Tensor2D; // [N, N + K] or [N, 1 + K]
    const own = batchNegatives ? tf.range(0, rows, 1, "int32") : tf.zeros<tf.Rank.R1>([rows], "int32"); // [N]
    const target = tf.oneHot(own, logits.shape[1], 1, 0, "float32") as tf.Tensor2D; // as logits
    return weightedCrossEntropy(logits, target, tf.fill([rows, 1], 1 / rows)); // []
  });
}
