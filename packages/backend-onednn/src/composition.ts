import * as tf from "@tensorflow/tfjs-core";
import type { OnednnBackend } from "./backend.js";

/** Runs a kernel of this backend that has one result; the result belongs to the composition. */
export type RunKernel = (name: string, inputs: Record<string, tf.TensorInfo>, attrs?: object) => tf.TensorInfo;

/**
 * Makes a kernel's result by running other kernels of this backend, and drops all that they made on the way.
 *
 * @param build - Returns the result: what `run` gave it, or an operand, which then is aliased.
 */
export function compose(backend: OnednnBackend, build: (run: RunKernel) => tf.TensorInfo): tf.TensorInfo {
  const made = new Set<tf.TensorInfo>();
  const run: RunKernel = (name, inputs, attrs = {}) => {
    const kernel = tf.getKernel(name, "onednn");
    if (!kernel) throw new Error(`oneDNN backend: no kernel ${name} to compose with.`);
    const result = kernel.kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend }) as tf.TensorInfo;
    made.add(result);
    return result;
  };
  try {
    const result = build(run);
    return made.delete(result) ? result : backend.alias(result);
  } finally {
    for (const info of made) backend.disposeIntermediateTensorInfo(info);
  }
}
