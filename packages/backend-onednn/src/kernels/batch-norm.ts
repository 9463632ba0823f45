import type * as tf from "@tensorflow/tfjs-core";
import { optionalHandle } from "../activation.js";
import type { KernelCall, NativeKernel } from "../kernel.js";

interface BatchNormInputs {
  readonly x: tf.TensorInfo;
  readonly gamma: tf.TensorInfo;
  readonly beta: tf.TensorInfo;
  readonly mean: tf.TensorInfo;
  readonly variance: tf.TensorInfo;
  readonly residual?: tf.TensorInfo;
}

/** [rows, channels], epsilon and whether a ReLU follows, as the addon takes them. */
function settings(x: tf.TensorInfo, attrs: KernelCall["attrs"]): [number[], number, boolean] {
  const channels = x.shape.at(-1) ?? 1;
  const rows = x.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return [[rows, channels], attrs.epsilon as number, attrs.activation === "relu"];
}

/** `{x, gamma, beta, residual?}`, `{epsilon, activation}` -> `[y, mean, variance]` with the statistics of this batch. */
export const batchNorm: NativeKernel = {
  name: "SimclrBatchNorm",
  run: ({ inputs, attrs, backend }) => {
    const { x, gamma, beta, residual } = inputs as unknown as BatchNormInputs;
    const operands = [
      backend.handle(x),
      backend.handle(gamma),
      backend.handle(beta),
      optionalHandle(backend, residual),
    ];
    const outputs = [{ shape: x.shape }, { shape: gamma.shape }, { shape: gamma.shape }];
    return backend.computeAll("SimclrBatchNorm", [...operands, ...settings(x, attrs)], outputs);
  },
};

/** `{x, gamma, beta, mean, variance, residual?}`, `{epsilon, activation}` -> `y`. */
export const batchNormInference: NativeKernel = {
  name: "SimclrBatchNormInference",
  run: ({ inputs, attrs, backend }) => {
    const { x, gamma, beta, mean, variance, residual } = inputs as unknown as BatchNormInputs;
    const operands = [
      backend.handle(x),
      backend.handle(gamma),
      backend.handle(beta),
      optionalHandle(backend, residual),
    ];
    const statistics = [backend.handle(mean), backend.handle(variance)];
    const args = [...operands, ...settings(x, attrs), ...statistics];
    return backend.compute("SimclrBatchNormInference", args, x.shape);
  },
};

/** `{dy, x, y, gamma, beta, mean, variance}`, `{epsilon, activation, residual}` -> `[dx, dgamma, dbeta, dresidual?]`. */
export const batchNormGrad: NativeKernel = {
  name: "SimclrBatchNormGrad",
  run: ({ inputs, attrs, backend }) => {
    const { x, gamma, beta, mean, variance } = inputs as unknown as BatchNormInputs;
    const operands = [inputs.dy!, x, inputs.y!, gamma].map((info) => backend.handle(info));
    const statistics = [backend.handle(mean), backend.handle(variance)];
    const residual = attrs.residual === true;
    const outputs = [{ shape: x.shape }, { shape: gamma.shape }, { shape: gamma.shape }];
    if (residual) outputs.push({ shape: x.shape });
    const args = [...operands, ...settings(x, attrs), ...statistics, residual, backend.handle(beta)];
    return backend.computeAll("SimclrBatchNormGrad", args, outputs);
  },
};
