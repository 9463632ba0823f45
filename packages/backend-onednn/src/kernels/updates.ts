import * as tf from "@tensorflow/tfjs-core";
import type { KernelCall, NativeKernel } from "../kernel.js";
import type { NativeArgument } from "../native.js";

function update(name: string, call: KernelCall, more: readonly NativeArgument[]): tf.TensorInfo[] {
  const { inputs, attrs, backend } = call;
  const { param, grad, velocity } = inputs as Record<"param" | "grad" | "velocity", tf.TensorInfo>;
  const operands = [param, grad, velocity].map((info) => backend.handle(info));
  const { learningRate, momentum, weightDecay, nesterov } = attrs as Record<string, number>;
  const rates = [learningRate, momentum, weightDecay].map(Number);
  const args = [...operands, tf.util.sizeFromShape(param.shape), ...rates, Boolean(nesterov), ...more];
  return backend.computeAll(name, args, [{ shape: param.shape }, { shape: param.shape }]);
}

/** `{param, grad, velocity}` -> `[param, velocity]` after one LARS step. */
export const larsUpdate: NativeKernel = {
  name: "SimclrLarsUpdate",
  run: (call) => update("SimclrLarsUpdate", call, [call.attrs.trustCoefficient as number, Boolean(call.attrs.adapt)]),
};

/** `{param, grad, velocity}` -> `[param, velocity]` after one step of SGD with momentum. */
export const momentumUpdate: NativeKernel = {
  name: "SimclrMomentumUpdate",
  run: (call) => update("SimclrMomentumUpdate", call, []),
};

/** `{param, grad, firstMoment, secondMoment}` -> `[param, firstMoment, secondMoment]` after one step of AdamW. */
export const adamWUpdate: NativeKernel = {
  name: "SimclrAdamWUpdate",
  run: ({ inputs, attrs, backend }) => {
    const { param, grad, firstMoment, secondMoment } = inputs as Readonly<Record<string, tf.TensorInfo>>;
    const operands = [param!, grad!, firstMoment!, secondMoment!].map((info) => backend.handle(info));
    const { learningRate, beta1, beta2, epsilon, weightDecay, update } = attrs as Record<string, number>;
    const numbers = [learningRate, beta1, beta2, epsilon, weightDecay, update].map(Number);
    const { shape } = param!;
    const args = [...operands, tf.util.sizeFromShape(shape), ...numbers];
    return backend.computeAll("SimclrAdamWUpdate", args, [{ shape }, { shape }, { shape }]);
  },
};
