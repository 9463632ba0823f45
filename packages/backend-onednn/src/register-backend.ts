import * as tf from "@tensorflow/tfjs-core";
import { OnednnBackend } from "./backend.js";
import { cpuKernelNames, delegate } from "./delegate.js";
import type { KernelCall, NativeKernel } from "./kernel.js";
import { callsOf } from "./kernel-calls.js";
import { nativeKernels } from "./kernels/table.js";
import { loadBinding, setThreads, type ThreadOptions } from "./loader.js";

/** Name of the backend in tfjs-core. */
export const BACKEND_NAME = "onednn";
/** Above cpu (1), webgl and wasm (2), so that it is the default where it is registered. */
const PRIORITY = 3;

export type RegisterOptions = ThreadOptions;

/**
 * Registers the backend `onednn` and its kernels with tfjs-core; call `tf.setBackend("onednn")` to use it. Kernels
 * that the addon lacks run in tfjs's cpu backend, so every tfjs operation works. Calling it again only sets the
 * number of threads.
 * @throws BackendError if the addon cannot be loaded; the message says what to install.
 * @throws InvalidArgumentError if `threads` (or `SIMCLR_NUM_THREADS`) is not an integer from 1 to 1024.
 */
export function registerOnednnBackend(options: RegisterOptions = {}): void {
  const binding = loadBinding();
  setThreads(options);
  if (tf.findBackendFactory(BACKEND_NAME)) return;
  registerKernels();
  tf.registerBackend(BACKEND_NAME, () => new OnednnBackend(binding), PRIORITY);
}

function registerKernels(): void {
  const register = (kernelName: string, kernelFunc: tf.KernelFunc): void => {
    if (!tf.getKernel(kernelName, BACKEND_NAME))
      tf.registerKernel({ kernelName, backendName: BACKEND_NAME, kernelFunc });
  };
  for (const kernel of nativeKernels) register(kernel.name, nativeKernelFunc(kernel));
  for (const name of cpuKernelNames()) register(name, hostKernelFunc(name));
}

function nativeKernelFunc(kernel: NativeKernel): tf.KernelFunc {
  const calls = callsOf(kernel.name);
  const runOnHost = hostKernelFunc(kernel.name);
  return (args) => {
    const call = { ...args, attrs: args.attrs ?? {} } as unknown as KernelCall;
    if (kernel.accepts && !kernel.accepts(call)) return runOnHost(args);
    calls.native++;
    return kernel.run(call);
  };
}

function hostKernelFunc(name: string): tf.KernelFunc {
  const calls = callsOf(name);
  return ({ inputs, attrs, backend }) => {
    calls.host++;
    return delegate(name, inputs, attrs ?? {}, backend as OnednnBackend);
  };
}
