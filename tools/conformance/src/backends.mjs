import { setMaxListeners } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chooseVulkanDriver } from "@simclr/test-utils/vulkan";
import * as tf from "@tensorflow/tfjs-core";

// The backends that can be run, by name. Each function registers one, and may give back what it tells of its kernels.
export const backends = {
  onednn: async () => {
    const { kernelCalls, registerOnednnBackend } = await import("@simclr/backend-onednn");
    registerOnednnBackend();
    return { kernelCalls };
  },
  cpu: async () => {
    await import("@tensorflow/tfjs-backend-cpu"); // registers itself
    return {};
  },
  // Of the project in the working folder, which may have linked it to another TensorFlow.
  tensorflow: async () => {
    const require = createRequire(join(process.cwd(), "package.json"));
    require("node:util").isNullOrUndefined ??= (value) => value == null; // tfjs-node 4.22 calls it, Node 23 has it no more
    require("@tensorflow/tfjs-node"); // registers itself
    return {};
  },
  webgpu: async () => {
    const missing = chooseVulkanDriver();
    if (missing !== undefined) throw new UnavailableError(missing);
    const { registerWebgpuBackend } = await import("@simclr/backend-webgpu");
    await registerWebgpuBackend();
    await tf.setBackend("webgpu");
    setMaxListeners(0, tf.backend().device); // every spec makes a backend on it
    return {};
  },
};

/** A backend that this machine does not have; the message says what is missing. */
export class UnavailableError extends Error {}
