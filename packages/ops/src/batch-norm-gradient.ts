import * as tf from "@tensorflow/tfjs-core";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

/** What is applied to the normalised tensor, after the residual is added. */
export type BatchNormActivation = "none" | "relu";

/** Attributes of the named batch-norm kernels. */
export interface BatchNormAttributes {
  readonly epsilon: number;
  readonly activation: BatchNormActivation;
}

/** What the forward pass leaves for the backward pass. */
export interface BatchNormSaved {
  readonly x: tf.Tensor;
  /** Output after the activation; tells where a ReLU let the gradient through. */
  readonly y: tf.Tensor;
  readonly gamma: tf.Tensor;
  readonly beta: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
}

/** As the engine keeps them: x, gamma, beta, y, mean, variance. */
export type BatchNormTensors = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

/** Gradients of a training batch norm; `residual` is undefined if there was none. */
export interface BatchNormGradients {
  readonly x: tf.Tensor;
  readonly gamma: tf.Tensor;
  readonly beta: tf.Tensor;
  readonly residual: tf.Tensor | undefined;
}

const leadingAxes = (x: tf.Tensor): number[] => Array.from({ length: x.rank - 1 }, (_, axis) => axis);

/** dy where the activation passed it on; always a new tensor. */
function throughActivation(dy: tf.Tensor, y: tf.Tensor, activation: BatchNormActivation): tf.Tensor {
  return activation === "relu" ? tf.mul(dy, tf.step(y)) : tf.clone(dy);
}

/**
 * Backward pass of the training batch norm, with gradients flowing through the batch statistics.
 *
 * @param dy - Gradient of the output `y`, float32 `[..., C]`. Not disposed.
 * @see Ioffe and Szegedy 2015, arXiv:1502.03167, section 3
 */
export function batchNormGradients(
  dy: tf.Tensor,
  { x, y, gamma, beta, mean, variance }: BatchNormSaved,
  { epsilon, activation }: BatchNormAttributes,
  hasResidual: boolean,
): BatchNormGradients {
  if (hasNamedKernel("SimclrBatchNormGrad")) {
    const inputs = { dy, x, y, gamma, beta, mean, variance };
    const attributes = { epsilon, activation, residual: hasResidual };
    const [dx, dGamma, dBeta, dResidual] = runNamedKernel("SimclrBatchNormGrad", inputs, attributes);
    return { x: dx!, gamma: dGamma!, beta: dBeta!, residual: dResidual };
  }
  const axes = leadingAxes(x);
  const rows = x.size / gamma.size; // M
  const passed = throughActivation(dy, y, activation); // [..., C]
  const deviation = tf.rsqrt(tf.add(variance, epsilon)); // [C], 1 / sqrt(variance + epsilon)
  const centred = tf.sub(x, mean); // [..., C]
  const dBeta = tf.sum(passed, axes); // [C]
  const dGamma = tf.mul(tf.sum(tf.mul(passed, centred), axes), deviation); // [C]
  const scale = tf.mul(gamma, deviation); // [C]
  // dx = scale * (passed - (dBeta + normalised * dGamma) / M), grouped so that few terms are as large as x
  const slope = tf.mul(tf.mul(deviation, dGamma), -1 / rows); // [C]
  const shift = tf.mul(dBeta, -1 / rows); // [C]
  const dx = tf.mul(scale, tf.add(passed, tf.add(tf.mul(centred, slope), shift))); // [..., C]
  return { x: dx, gamma: dGamma, beta: dBeta, residual: hasResidual ? passed : undefined };
}

/** Gradient of the kernel `SimclrBatchNorm`; what arrives for the outputs `mean` and `variance` is ignored. */
const training: tf.GradConfig = {
  kernelName: "SimclrBatchNorm",
  inputsToSave: ["x", "gamma", "beta"],
  outputsToSave: [true, true, true],
  gradFunc: (dys, saved, attributes) => {
    const [x, gamma, beta, y, mean, variance] = saved as BatchNormTensors;
    const { residual, ...options } = attributes as unknown as BatchNormAttributes & { readonly residual: boolean };
    const known = { x, y, gamma, beta, mean, variance };
    const gradients = batchNormGradients((dys as tf.Tensor[])[0]!, known, options, residual);
    return {
      x: () => gradients.x,
      gamma: () => gradients.gamma,
      beta: () => gradients.beta,
      residual: () => gradients.residual!,
    };
  },
};

/** Gradient of the kernel `SimclrBatchNormInference`, an affine map followed by the activation. */
const inference: tf.GradConfig = {
  kernelName: "SimclrBatchNormInference",
  inputsToSave: ["x", "gamma", "mean", "variance"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attributes) => {
    const [x, gamma, mean, variance, y] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const { epsilon, activation } = attributes as unknown as BatchNormAttributes;
    const axes = leadingAxes(x);
    const passed = throughActivation(dy as tf.Tensor, y, activation); // [..., C]
    const deviation = tf.rsqrt(tf.add(variance, epsilon)); // [C]
    const normalised = () => tf.mul(tf.sub(x, mean), deviation); // [..., C]
    const dBeta = () => tf.sum(passed, axes); // [C]
    const dGamma = () => tf.sum(tf.mul(passed, normalised()), axes); // [C]
    return {
      x: () => tf.mul(passed, tf.mul(gamma, deviation)),
      gamma: dGamma,
      beta: dBeta,
      mean: () => tf.neg(tf.mul(dBeta(), tf.mul(gamma, deviation))),
      variance: () => tf.mul(tf.mul(dGamma(), tf.mul(gamma, tf.square(deviation))), -0.5),
      residual: () => tf.clone(passed),
    };
  },
};

/** Gradients of the named batch-norm kernels, for `tf.registerGradient`. */
export const batchNormGradConfigs: readonly tf.GradConfig[] = [training, inference];
