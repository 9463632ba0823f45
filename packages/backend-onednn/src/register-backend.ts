import * as tf from "@tensorflow/tfjs-core";
import { OnednnBackend } from "./backend.js";
import { CPU_KERNEL_NAMES } from "./cpu-kernel-names.js";
import { dispatch } from "./dispatch.js";
import type { KernelCall, NativeKernel } from "./kernel.js";
import { callsOf } from "./kernel-calls.js";
import { nativeKernels } from "./kernels/table.js";
import { loadBinding, setThreads, type ThreadOptions } from "./loader.js";
import { type MemoryOptions, setMemoryLimit } from "./memory-limit.js";
import { profileProcessIfAsked } from "./profile-process.js";

/** Name of the backend in tfjs-core. */
export const BACKEND_NAME = "onednn";
/** Above cpu (1), webgl and wasm (2), so that it is the default where it is registered. */
const PRIORITY = 3;

export type RegisterOptions = ThreadOptions & MemoryOptions;

/**
 * Registers the backend `onednn` and its kernels with tfjs-core; call `tf.setBackend("onednn")` to use it. Kernels
 * that the addon lacks run in tfjs's cpu backend, so every tfjs operation works; it is loaded when the first of them is
 * called. Calling this again only sets the number of threads and the limit of memory.
 * @throws BackendError if the addon cannot be loaded; the message says what to install.
 * @throws InvalidArgumentError if `threads` (or `SIMCLR_NUM_THREADS`) is not an integer from 1 to 1024, or
 * `memoryLimitBytes` (or `SIMCLR_MEMORY_LIMIT_BYTES`) not one > 0.
 */
export function registerOnednnBackend(options: RegisterOptions = {}): void {
  const binding = loadBinding();
  setThreads(options);
  setMemoryLimit(options);
  if (tf.findBackendFactory(BACKEND_NAME)) return;
  registerKernels();
  profileProcessIfAsked();
  tf.registerBackend(BACKEND_NAME, () => new OnednnBackend(binding), PRIORITY);
}

function registerKernels(): void {
  const register = (kernelName: string, kernel?: NativeKernel): void => {
    if (tf.getKernel(kernelName, BACKEND_NAME)) return;
    const calls = callsOf(kernelName);
    const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) =>
      dispatch(kernelName, kernel, { inputs, attrs: attrs ?? {}, backend } as unknown as KernelCall, calls);
    tf.registerKernel({ kernelName, backendName: BACKEND_NAME, kernelFunc });
  };
  for (const kernel of nativeKernels) register(kernel.name, kernel);
  for (const name of CPU_KERNEL_NAMES) register(name);
}
