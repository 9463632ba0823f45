import * as tf from "@tensorflow/tfjs-core";
import { CheckedWebGPUBackend } from "./checked-backend.js";
import { type DeviceOptions, describeAdapter, openDevice } from "./device.js";
import { isNode } from "./gpu-source.js";
import { nameKernels } from "./kernel-names.js";
import { registerBatchNorm } from "./kernels/batch-norm.js";
import { replaceConvolutions } from "./kernels/convolution-kernels.js";
import { BACKEND_NAME } from "./kernels/launch.js";
import { registerLosses } from "./kernels/losses.js";
import { registerOptimizerUpdates } from "./kernels/optimizer-updates.js";
import { registerSimilarityRows } from "./kernels/similarity-rows.js";
import { replaceWrongKernels } from "./patches/wrong-kernels.js";

/** What the backend computes on. */
export interface WebgpuInfo {
  /** Name and driver of the adapter. */
  readonly adapter: string;
  /** Whether that is a driver which computes on the CPU. */
  readonly isSoftware: boolean;
  /** Largest tensor, in bytes. */
  readonly maxTensorBytes: number;
}

let kernelsReplaced = false;

/**
 * Opens a device and registers the backend `webgpu` on it: tfjs-backend-webgpu with its wrong kernels worked around, faster
 * gradients of convolutions, and errors that are thrown. The next call opens a new device.
 *
 * `tf.setBackend("webgpu")` then selects it. `await tensor.data()` reads a tensor; `tensor.dataSync()` does too, and waits for the
 * GPU meanwhile.
 *
 * @throws BackendError if the package `webgpu` is missing (in Node.js) or WebGPU is (in a browser), or no adapter fits the options
 */
export async function registerWebgpuBackend(options: DeviceOptions = {}): Promise<WebgpuInfo> {
  const { gpu, device, events, info, isSoftware } = await openDevice(options);
  if (isNode()) exposeGpu(gpu);
  if (tf.findBackendFactory(BACKEND_NAME) !== null) tf.removeBackend(BACKEND_NAME);
  tf.registerBackend(BACKEND_NAME, () => new CheckedWebGPUBackend(device, events, info), 3);
  if (!kernelsReplaced) {
    replaceWrongKernels();
    replaceConvolutions();
    registerBatchNorm();
    registerOptimizerUpdates();
    registerLosses();
    registerSimilarityRows();
    nameKernels();
    kernelsReplaced = true;
  }
  return {
    adapter: describeAdapter(info),
    isSoftware,
    maxTensorBytes: device.limits.maxStorageBufferBindingSize,
  };
}

/** tfjs-backend-webgpu only looks whether `navigator.gpu` exists. */
function exposeGpu(gpu: GPU): void {
  if (globalThis.navigator === undefined)
    Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
  else Object.defineProperty(globalThis.navigator, "gpu", { value: gpu, configurable: true });
}
