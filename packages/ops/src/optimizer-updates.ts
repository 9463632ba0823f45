import { checkSameShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

/** Kernel a backend may register for `larsUpdate`: inputs `param`, `grad`, `velocity`; outputs the new `param` and `velocity`. */
export const LARS_UPDATE_KERNEL = "SimclrLarsUpdate";
/** Kernel a backend may register for `momentumUpdate`, with the inputs and outputs of `SimclrLarsUpdate`. */
export const MOMENTUM_UPDATE_KERNEL = "SimclrMomentumUpdate";

export interface MomentumUpdateOptions {
  /** Step size, >= 0. */
  readonly learningRate: number;
  /** Decay of the velocity, in [0, 1). */
  readonly momentum: number;
  /** Coefficient of the L2 term that is added to the gradient, >= 0. */
  readonly weightDecay: number;
  /** Whether to look ahead by one velocity step. */
  readonly nesterov: boolean;
}

export interface LarsUpdateOptions extends MomentumUpdateOptions {
  /** η, the trust ratio's factor, > 0; read only where `adapt` is true. */
  readonly trustCoefficient: number;
  /** Whether the step is scaled by the trust ratio; false for excluded parameters, whose ratio is 1. */
  readonly adapt: boolean;
}

/** New values of a parameter and of its velocity; the caller disposes both. */
export type UpdatedParameter = [param: tf.Tensor, velocity: tf.Tensor];

/**
 * One step of LARS with classic momentum: the learning rate and the trust ratio are inside the velocity.
 *
 * With p, g, v the parameter, its gradient and velocity: `g += weightDecay * p`; `trust = trustCoefficient * |p| / |g|`
 * (L2 norms of the whole tensor; 1 where a norm is 0 or `adapt` is false); `v = momentum * v + learningRate * trust * g`;
 * `p -= v`, or `p -= momentum * v + learningRate * trust * g` with Nesterov momentum.
 *
 * @param param - float32, any shape. Not disposed, not changed.
 * @param grad - As `param`. Not disposed.
 * @param velocity - As `param`. Not disposed, not changed.
 * @throws InvalidArgumentError if the shapes differ.
 * @see You et al. 2017, arXiv:1708.03888; classic style as in the official SimCLR code
 */
export function larsUpdate(
  param: tf.Tensor,
  grad: tf.Tensor,
  velocity: tf.Tensor,
  options: LarsUpdateOptions,
): UpdatedParameter {
  checkSameShape("larsUpdate", { param, grad, velocity });
  const { learningRate, momentum, weightDecay, trustCoefficient, nesterov, adapt } = options;
  if (hasNamedKernel(LARS_UPDATE_KERNEL)) {
    const attributes = { learningRate, momentum, weightDecay, trustCoefficient, nesterov, adapt };
    return runNamedKernel(LARS_UPDATE_KERNEL, { param, grad, velocity }, attributes) as UpdatedParameter;
  }
  return tf.tidy(() => {
    const g = decayed(param, grad, weightDecay); // like param
    const rate = adapt ? tf.mul(learningRate, trustRatio(param, g, trustCoefficient)) : learningRate; // []
    const step = tf.mul(rate, g); // like param
    const newVelocity = tf.add(tf.mul(momentum, velocity), step); // like param
    const update = nesterov ? tf.add(tf.mul(momentum, newVelocity), step) : newVelocity; // like param
    return [tf.sub(param, update), newVelocity];
  });
}

/**
 * One step of SGD with momentum: `g += weightDecay * p`; `v = momentum * v + g`; `p -= learningRate * v`, or
 * `p -= learningRate * (momentum * v + g)` with Nesterov momentum.
 *
 * @param param - float32, any shape. Not disposed, not changed.
 * @param grad - As `param`. Not disposed.
 * @param velocity - As `param`. Not disposed, not changed.
 * @throws InvalidArgumentError if the shapes differ.
 */
export function momentumUpdate(
  param: tf.Tensor,
  grad: tf.Tensor,
  velocity: tf.Tensor,
  options: MomentumUpdateOptions,
): UpdatedParameter {
  checkSameShape("momentumUpdate", { param, grad, velocity });
  const { learningRate, momentum, weightDecay, nesterov } = options;
  if (hasNamedKernel(MOMENTUM_UPDATE_KERNEL)) {
    const attributes = { learningRate, momentum, weightDecay, nesterov };
    return runNamedKernel(MOMENTUM_UPDATE_KERNEL, { param, grad, velocity }, attributes) as UpdatedParameter;
  }
  return tf.tidy(() => {
    const g = decayed(param, grad, weightDecay); // like param
    const newVelocity = tf.add(tf.mul(momentum, velocity), g); // like param
    const update = nesterov ? tf.add(tf.mul(momentum, newVelocity), g) : newVelocity; // like param
    return [tf.sub(param, tf.mul(learningRate, update)), newVelocity];
  });
}

/**
 * The trust ratio of LARS, `trustCoefficient * |weights| / |update|`, and 1 where either L2 norm is 0.
 *
 * @param weights - float32, any shape. Not disposed.
 * @param update - float32, any shape. Not disposed.
 * @returns float32 `[]`; the caller disposes it.
 */
export function trustRatio(weights: tf.Tensor, update: tf.Tensor, trustCoefficient: number): tf.Scalar {
  return tf.tidy(() => {
    const weightNorm = tf.sqrt(tf.sum(tf.square(weights))); // []
    const updateNorm = tf.sqrt(tf.sum(tf.square(update))); // []
    const ratio = tf.mul(trustCoefficient, tf.divNoNan(weightNorm, updateNorm)); // []
    const bothPositive = tf.greater(tf.minimum(weightNorm, updateNorm), 0); // []
    return tf.where(bothPositive, ratio, tf.onesLike(ratio)) as tf.Scalar; // []
  });
}

function decayed(param: tf.Tensor, grad: tf.Tensor, weightDecay: number): tf.Tensor {
  return weightDecay === 0 ? grad : tf.add(grad, tf.mul(weightDecay, param));
}
