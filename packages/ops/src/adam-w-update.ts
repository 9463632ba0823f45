import { checkSameShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

/**
 * Kernel a backend may register for `adamWUpdate`: inputs `param`, `grad`, `firstMoment`, `secondMoment`; outputs the new
 * `param`, `firstMoment` and `secondMoment`.
 */
export const ADAM_W_UPDATE_KERNEL = "SimclrAdamWUpdate";

export interface AdamWUpdateOptions {
  /** Step size, >= 0. */
  readonly learningRate: number;
  /** Decay of the mean of the gradients, in [0, 1). */
  readonly beta1: number;
  /** Decay of the mean of their squares, in [0, 1). */
  readonly beta2: number;
  /** Added to the root of the second moment, > 0. */
  readonly epsilon: number;
  /** Share of the parameter that is taken away at learning rate 1, >= 0. */
  readonly weightDecay: number;
  /** Which update of this parameter it is, >= 1: corrects the bias of moments that began at zero. */
  readonly update: number;
}

/** New values of a parameter and of its moments; the caller disposes all three. */
export type AdamWUpdated = [param: tf.Tensor, firstMoment: tf.Tensor, secondMoment: tf.Tensor];

/**
 * One step of AdamW: `m = beta1 m + (1 - beta1) g`; `v = beta2 v + (1 - beta2) g²`;
 * `p = (1 - learningRate · weightDecay) p - learningRate · m̂ / (√v̂ + epsilon)`, where `m̂ = m / (1 - beta1^update)` and
 * `v̂ = v / (1 - beta2^update)`.
 *
 * @param param - float32, any shape. Not disposed, not changed.
 * @param grad - As `param`. Not disposed.
 * @param firstMoment - As `param`. Not disposed, not changed.
 * @param secondMoment - As `param`, no value below 0. Not disposed, not changed.
 * @throws InvalidArgumentError if the shapes differ.
 * @see Loshchilov and Hutter 2017, arXiv:1711.05101, Algorithm 2, with the decay times the learning rate as in PyTorch
 */
export function adamWUpdate(
  param: tf.Tensor,
  grad: tf.Tensor,
  firstMoment: tf.Tensor,
  secondMoment: tf.Tensor,
  options: AdamWUpdateOptions,
): AdamWUpdated {
  checkSameShape("adamWUpdate", { param, grad, firstMoment, secondMoment });
  const { learningRate, beta1, beta2, epsilon, weightDecay, update } = options;
  if (hasNamedKernel(ADAM_W_UPDATE_KERNEL)) {
    const attributes = { learningRate, beta1, beta2, epsilon, weightDecay, update };
    const inputs = { param, grad, firstMoment, secondMoment };
    return runNamedKernel(ADAM_W_UPDATE_KERNEL, inputs, attributes) as AdamWUpdated;
  }
  const rate = learningRate / (1 - beta1 ** update);
  const correction = Math.sqrt(1 - beta2 ** update);
  return tf.tidy(() => {
    const m = tf.add(tf.mul(beta1, firstMoment), tf.mul(1 - beta1, grad)); // like param
    const v = tf.add(tf.mul(beta2, secondMoment), tf.mul(1 - beta2, tf.square(grad))); // like param
    const denominator = tf.add(tf.div(tf.sqrt(v), correction), epsilon); // like param
    const kept = weightDecay === 0 ? param : tf.mul(1 - learningRate * weightDecay, param); // like param
    return [tf.sub(kept, tf.mul(rate, tf.div(m, denominator))), m, v];
  });
}
