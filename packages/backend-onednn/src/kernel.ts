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

/** A kernel that the addon computes. */
export interface NativeKernel {
  /** Name in tfjs-core's registry. */
  readonly name: string;
  /** Whether the addon can do this call; calls it cannot do go to the cpu kernel of the same name. Default: all. */
  accepts?(call: KernelCall): boolean;
  run(call: KernelCall): tf.TensorInfo | tf.TensorInfo[];
}

/** Whether all operands are float32. */
export function allFloat32({ inputs }: KernelCall): boolean {
  return Object.values(inputs).every((x) => !x || x.dtype === "float32");
}

/** Whether the addon's storage holds values of this dtype. */
export function isNumeric(dtype: tf.DataType): boolean {
  return dtype === "float32" || dtype === "int32" || dtype === "bool";
}
