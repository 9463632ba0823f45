import { checkPositive, checkSameShape, checkShape, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import {
  type BatchNormActivation,
  type BatchNormAttributes,
  type BatchNormTensors,
  batchNormGradients,
} from "./batch-norm-gradient.js";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

export interface BatchNormOptions {
  /** Added to the variance, > 0. @defaultValue 1e-5 */
  readonly epsilon?: number;
  /** Applied last, after the residual is added. @defaultValue "none" */
  readonly activation?: BatchNormActivation;
  /** Added to the normalised tensor, float32 `[..., C]` like `x`. Not disposed. */
  readonly residual?: tf.Tensor | undefined;
}

export interface BatchNormResult<T extends tf.Tensor> {
  /** `activation(gamma * (x - mean) / sqrt(variance + epsilon) + beta + residual)`, like `x`. */
  readonly y: T;
  /** Mean of this batch over all axes but the last, float32 `[C]`; no gradient flows through it. */
  readonly mean: tf.Tensor1D;
  /** Biased variance (1/M) of this batch, float32 `[C]`; no gradient flows through it. */
  readonly variance: tf.Tensor1D;
}

/**
 * Batch norm in training mode: normalises with the statistics of this batch, over all axes but the last.
 *
 * Residual and ReLU are fused in, since a residual block ends with `relu(bn(x) + shortcut)`. Gradients need
 * `@simclr/ops/register`; they flow through the batch statistics into `x`, but not through the returned `mean` and
 * `variance`, which are there to update running averages.
 *
 * @param x - float32 `[..., C]` of rank >= 2. Not disposed.
 * @param gamma - Scale, float32 `[C]`. Not disposed.
 * @param beta - Shift, float32 `[C]`. Not disposed.
 * @returns Three new tensors; the caller disposes them.
 * @throws InvalidArgumentError if shapes do not fit or `epsilon` is not > 0.
 * @see Ioffe and Szegedy 2015, arXiv:1502.03167, Algorithm 1
 */
export function batchNorm<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  options: BatchNormOptions = {},
): BatchNormResult<T> {
  const { attributes, residual } = checkBatchNorm("batchNorm", x, { gamma, beta }, options);
  if (hasNamedKernel("SimclrBatchNorm")) {
    const inputs = { x, gamma, beta, ...(residual && { residual }) };
    const kernelAttributes = { ...attributes, residual: residual !== undefined };
    const [y, mean, variance] = runNamedKernel("SimclrBatchNorm", inputs, kernelAttributes);
    return { y: y as T, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
  }
  return tf.tidy(() => {
    const axes = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
    const moments = tf.moments(x, axes);
    const mean = moments.mean as tf.Tensor1D; // [C]
    const variance = moments.variance as tf.Tensor1D; // [C]
    const run = tf.customGrad((...args) => {
      const save = args.at(-1) as tf.GradSaveFunc;
      const y = normalise(x, gamma, beta, mean, variance, attributes, residual);
      save([x, gamma, beta, y, mean, variance]);
      return {
        value: y,
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [x, gamma, beta, y, mean, variance] = saved as BatchNormTensors;
          const isResidual = residual !== undefined;
          const d = batchNormGradients(dy, { x, y, gamma, beta, mean, variance }, attributes, isResidual);
          return d.residual === undefined ? [d.x, d.gamma, d.beta] : [d.x, d.gamma, d.beta, d.residual];
        },
      };
    });
    const y = residual === undefined ? run(x, gamma, beta) : run(x, gamma, beta, residual);
    return { y: y as T, mean, variance };
  });
}

/**
 * Batch norm in inference mode: normalises with the given (running) statistics.
 *
 * Differentiable in all its tensors, so that a frozen encoder can sit above something that trains.
 *
 * @param x - float32 `[..., C]` of rank >= 2. Not disposed.
 * @param mean - float32 `[C]`. Not disposed.
 * @param variance - float32 `[C]`, >= 0. Not disposed.
 * @returns `activation(gamma * (x - mean) / sqrt(variance + epsilon) + beta + residual)`, like `x`; the caller disposes it.
 * @throws InvalidArgumentError if shapes do not fit or `epsilon` is not > 0.
 */
export function batchNormInference<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  options: BatchNormOptions = {},
): T {
  const { attributes, residual } = checkBatchNorm("batchNormInference", x, { gamma, beta, mean, variance }, options);
  if (hasNamedKernel("SimclrBatchNormInference")) {
    const inputs = { x, gamma, beta, mean, variance, ...(residual && { residual }) };
    return runNamedKernel("SimclrBatchNormInference", inputs, { ...attributes })[0] as T;
  }
  return tf.tidy(() => normalise(x, gamma, beta, mean, variance, attributes, residual));
}

function normalise<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  { epsilon, activation }: BatchNormAttributes,
  residual: tf.Tensor | undefined,
): T {
  const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon))); // [C]
  const normalised = tf.add(tf.mul(tf.sub(x, mean), scale), beta); // [..., C]
  const sum = residual === undefined ? normalised : tf.add(normalised, residual); // [..., C]
  return (activation === "relu" ? tf.relu(sum) : sum) as T;
}

/** @throws InvalidArgumentError naming the caller, `where`. */
export function checkBatchNorm(
  where: string,
  x: tf.Tensor,
  perChannel: Record<string, tf.Tensor>,
  { epsilon = 1e-5, activation = "none", residual }: BatchNormOptions,
): { attributes: BatchNormAttributes; residual: tf.Tensor | undefined } {
  const channels = x.shape.at(-1);
  if (x.rank < 2 || channels === undefined)
    throw new InvalidArgumentError(
      `${where}: \`x\` must have rank 2 or more, [..., C]; received [${x.shape.join(", ")}].`,
      { subject: "x", expected: "[..., C]", received: `[${x.shape.join(", ")}]` },
    );
  for (const [name, tensor] of Object.entries(perChannel))
    checkShape(where, { [name]: tensor }, [channels], "It holds one number for each channel of `x`.");
  if (residual !== undefined) checkSameShape(where, { x, residual });
  checkPositive(where, { epsilon });
  return { attributes: { epsilon, activation }, residual };
}
