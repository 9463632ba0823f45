import * as tf from "@tensorflow/tfjs-core";
import { type BatchNormOptions, type BatchNormResult, batchNormInference, checkBatchNorm } from "./batch-norm.js";
import { type BatchNormAttributes, type BatchNormTensors, batchNormGradients } from "./batch-norm-gradient.js";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

/** What a batch norm measures of a batch. */
export interface Moments {
  /** float32 `[C]`. */
  readonly mean: tf.Tensor1D;
  /** Biased (1/M), float32 `[C]`. */
  readonly variance: tf.Tensor1D;
  /** M: over how many numbers of each channel. */
  readonly count: number;
}

/** How the parts of a batch, one on each rank, become one batch. Both are called by every rank, in the same order. */
export interface SynchroniseStatistics {
  /** The moments of all ranks' rows from those of this rank's own; new tensors, through which no gradient flows. */
  moments(own: Moments): Moments;
  /** The sum over the ranks, in the backward pass; a new tensor `[2C]` like `own`. */
  sum(own: tf.Tensor1D): tf.Tensor1D;
}

/**
 * `batchNorm` whose statistics are those of the rows of all ranks, with its true gradient: the same values and the same
 * gradients as one rank with all rows would have. What flows into `gamma` and `beta` is this rank's own part, to be added up
 * with all other gradients.
 *
 * @param x - This rank's rows, float32 `[..., C]`. Not disposed.
 * @returns As `batchNorm`, with mean and variance over all ranks.
 * @throws InvalidArgumentError as `batchNorm`.
 */
export function synchronisedBatchNorm<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  synchronise: SynchroniseStatistics,
  options: BatchNormOptions = {},
): BatchNormResult<T> {
  const { attributes, residual } = checkBatchNorm("synchronisedBatchNorm", x, { gamma, beta }, options);
  return tf.tidy(() => {
    const rows = x.size / gamma.size;
    const { mean, variance, count } = synchronise.moments({ ...ownMoments(x, gamma, beta, attributes), count: rows });
    const run = tf.customGrad((...args) => {
      const save = args.at(-1) as tf.GradSaveFunc;
      const y = batchNormInference(x, gamma, beta, mean, variance, { ...attributes, residual });
      save([x, gamma, beta, y, mean, variance]);
      return {
        value: y,
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [x, gamma, beta, y, mean, variance] = saved as BatchNormTensors;
          // As if the batch were this rank's rows alone: dx = scale (dy - s/rows - normalised t/rows), with s and t its sums.
          const d = batchNormGradients(dy, { x, y, gamma, beta, mean, variance }, attributes, residual !== undefined);
          const sums = tf.concat1d([d.beta as tf.Tensor1D, d.gamma as tf.Tensor1D]); // [2C], s and t
          const excess = tf.sub(tf.div(sums, rows), tf.div(synchronise.sum(sums), count)); // [2C]
          const [shift, slope] = tf.split(excess, 2) as [tf.Tensor1D, tf.Tensor1D]; // [C] each
          const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, attributes.epsilon))); // [C]
          const { epsilon } = attributes;
          const correction = { epsilon, residual: d.x };
          const dx = batchNormInference(x, tf.mul(scale, slope), tf.mul(scale, shift), mean, variance, correction);
          return d.residual === undefined ? [dx, d.gamma, d.beta] : [dx, d.gamma, d.beta, d.residual];
        },
      };
    });
    const y = residual === undefined ? run(x, gamma, beta) : run(x, gamma, beta, residual);
    return { y: y as T, mean, variance };
  });
}

/** Mean and variance of this rank's rows, which nothing back-propagates through: the gradient above accounts for them. */
function ownMoments(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  attributes: BatchNormAttributes,
): Pick<Moments, "mean" | "variance"> {
  const measure = (): tf.Tensor[] => {
    // A training batch norm measures in one go what `tf.moments` needs four passes and two copies of `x` for.
    if (hasNamedKernel("SimclrBatchNorm"))
      return runNamedKernel("SimclrBatchNorm", { x, gamma, beta }, { ...attributes, residual: false }).slice(1);
    const axes = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
    const { mean, variance } = tf.moments(x, axes);
    return [mean, variance];
  };
  const both = tf.customGrad(() => ({ value: tf.stack(measure()), gradFunc: () => [] }))() as tf.Tensor; // [2, C]
  const [mean, variance] = tf.unstack(both) as [tf.Tensor1D, tf.Tensor1D];
  return { mean, variance };
}
