import * as tf from "@tensorflow/tfjs-core";
import type { OnednnBackend } from "./backend.js";
import type { KernelCall } from "./kernel.js";

const KERNELS: Readonly<Record<string, string>> = {
  relu: "Relu",
  relu6: "Relu6",
  elu: "Elu",
  sigmoid: "Sigmoid",
  leakyrelu: "LeakyRelu",
  prelu: "Prelu",
};

/** Applies a fused kernel's activation to `x`, which this call owns and gives up. */
export function applyActivation(call: KernelCall, x: tf.TensorInfo): tf.TensorInfo {
  const { activation, leakyreluAlpha } = call.attrs as { activation?: string; leakyreluAlpha?: number };
  if (!activation || activation === "linear") return x;
  const name = KERNELS[activation];
  const kernel = name === undefined ? null : tf.getKernel(name, "onednn");
  if (!kernel) throw new Error(`Activation ${activation} has not been implemented for the onednn backend.`);
  const inputs = { x, ...(activation === "prelu" ? { alpha: call.inputs.preluActivationWeights! } : {}) };
  const attrs = { alpha: leakyreluAlpha } as unknown as tf.NamedAttrMap;
  const y = kernel.kernelFunc({ inputs, attrs, backend: call.backend }) as tf.TensorInfo;
  call.backend.disposeIntermediateTensorInfo(x);
  return y;
}

/** Whether a fused bias is absent or a vector over the last axis, which the addon adds itself. */
export function hasVectorBias(bias: tf.TensorInfo | null | undefined, channels: number): boolean {
  if (!bias) return true;
  return tf.util.sizeFromShape(bias.shape) === channels && (bias.shape.at(-1) ?? 1) === channels;
}

/** Handle of an optional operand. */
export function optionalHandle(backend: OnednnBackend, info: tf.TensorInfo | null | undefined): number | null {
  return info ? backend.handle(info) : null;
}
