import { createRequire } from "node:module";
import { join } from "node:path";

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
};

/** Backends that exist and cannot be run here, with the reason. */
export const refusedBackends = {
  webgpu: "it needs a GPU device, which this runner does not open",
};
