import { BackendError } from "@simclr/core";
import type * as tf from "@tensorflow/tfjs-core";
import type { KernelCall } from "./kernel.js";

/** What C++ says when the system or the pool's limit has no more memory. */
const OUT_OF_MEMORY = /bad_alloc|out of memory|memory limit|product of the sizes/i;
/** How oneDNN's errors begin. */
const ONEDNN = /^could not /;

/**
 * An error of the addon that says which call it was; others, such as those of tfjs-core's own checks, as they are.
 *
 * @param error - What a kernel threw.
 */
export function explainFault(name: string, { inputs, attrs }: KernelCall, error: unknown): unknown {
  const said = error instanceof Error ? error.message : "";
  const isMemory = OUT_OF_MEMORY.test(said);
  if (!isMemory && !ONEDNN.test(said)) return error;
  const operands = Object.values(inputs).flat().filter(Boolean).map(describe);
  if (operands.length === 0 && Array.isArray(attrs.shape)) operands.push(`shape [${attrs.shape.join(",")}]`);
  const problem = isMemory ? `out of memory (${said.replace(/^out of memory: /, "")})` : `oneDNN failed: ${said}`;
  const remedy = isMemory
    ? "Take smaller batches or images, or free tensors that are no longer used"
    : "Please report it";
  const message = `oneDNN backend: ${name}(${operands.join(", ")}): ${problem}. ${remedy}.`;
  return new BackendError(message, { subject: name, cause: error });
}

function describe({ shape, dtype }: tf.TensorInfo): string {
  return `[${shape.join(",")}] ${dtype}`;
}
