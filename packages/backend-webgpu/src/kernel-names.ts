import * as tf from "@tensorflow/tfjs-core";
import type { CheckedWebGPUBackend } from "./checked-backend.js";
import { BACKEND_NAME } from "./kernels/launch.js";
import { replaceKernel } from "./kernels/replace-kernel.js";

/** Has every kernel of the backend tell its name to the device's errors while it runs. */
export function nameKernels(): void {
  for (const { kernelName } of tf.getKernelsForBackend(BACKEND_NAME))
    replaceKernel(kernelName, (stock) => (call) => {
      const { errors } = call.backend as CheckedWebGPUBackend;
      const outer = errors.kernel;
      // A kernel that is made of others keeps its own name: that is the one that the program called.
      if (outer === "") errors.kernel = kernelName;
      try {
        return stock(call);
      } finally {
        errors.kernel = outer;
      }
    });
}
