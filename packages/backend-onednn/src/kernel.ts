import type * as tf from "@tensorflow/tfjs-core";
import type { OnednnBackend } from "./backend.js";

/** One call of a kernel, as the engine makes it. */
export interface KernelCall {
  /** The operands by name. */
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  /** The kernel's attributes; each wrapper knows its own. */
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: OnednnBackend;
}

export type KernelResult = tf.TensorInfo | tf.TensorInfo[];

/** A kernel that the addon computes. */
export interface NativeKernel {
  /** Name in tfjs-core's registry. */
  readonly name: string;
  /** Floating-point operations of a call, where it is they that take its time; asked by the profiler alone. */
  flops?(call: KernelCall): number;
  /** Whether the addon can do this call; calls it cannot do go to the cpu kernel of the same name. Default: all. */
  accepts?(call: KernelCall): boolean;
  run(call: KernelCall): KernelResult;
}

/** Whether all operands are float32. */
export function allFloat32({ inputs }: KernelCall): boolean {
  return Object.values(inputs).every((x) => !x || x.dtype === "float32");
}

/** Whether the addon's storage holds values of this dtype. */
export function isNumeric(dtype: tf.DataType): boolean {
  return dtype === "float32" || dtype === "int32" || dtype === "bool";
}
