import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { FlatProgram, int32 } from "./kernels/launch.js";
import { registerWebgpuBackend } from "./register-backend.js";
import { hasTestDevice, NEEDS_DEVICE } from "./testing.js";

describe.skipIf(!hasTestDevice())(`what a device reports (${NEEDS_DEVICE})`, () => {
  beforeAll(async () => {
    await registerWebgpuBackend();
    await tf.setBackend("webgpu");
    tf.env().set("WEBGPU_CPU_FORWARD", false);
    tf.registerKernel({
      kernelName: "Broken",
      backendName: "webgpu",
      kernelFunc: ({ inputs, backend }) => {
        const x = (inputs as unknown as { x: tf.TensorInfo }).x;
        const errors = (backend as unknown as { errors: { kernel: string } }).errors;
        errors.kernel = "Broken";
        const program = new FlatProgram("broken", x.shape, 1, { x: 1 }, "", "value = nothing;");
        const result = (backend as WebGPUBackend).runWebGPUProgram(program, [x], "float32", [int32(program.items)]);
        errors.kernel = "";
        return result;
      },
    });
  });

  it("stops at the next read, with the name of the kernel, after a validation error", async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const y = tf.engine().runKernel("Broken", { x }) as tf.Tensor;
    await expect(y.data()).rejects.toThrow(
      /^webgpu: Broken failed \(validation\): .*nothing.* Use a smaller|^webgpu: Broken failed \(validation\)/,
    );
    expect([...(await tf.add(x, 1).data())]).toEqual([2, 3, 4]); // reported once
  });

  it("stops when the device has no memory left, with the name of the kernel", async () => {
    const { maxStorageBufferBindingSize } = (tf.backend() as WebGPUBackend).device.limits;
    const large = tf.fill([maxStorageBufferBindingSize / 4], 1);
    const sum = tf.sum(large);
    await expect(sum.data()).rejects.toThrow(/^webgpu: Fill failed \((memory|validation)\): .*smaller batch/);
    tf.dispose([large, sum]);
  });

  it("refuses a tensor that is larger than the device allows, by the limit's name", () => {
    const { maxStorageBufferBindingSize } = (tf.backend() as WebGPUBackend).device.limits;
    const rows = maxStorageBufferBindingSize / 4096 + 1;
    expect(() => tf.fill([rows, 1024], 1)).toThrow(
      `webgpu: Fill needs a tensor [${rows},1024] of ${rows * 4096} bytes; the device's limit maxStorageBufferBindingSize is ${maxStorageBufferBindingSize}. Use a smaller batch, image or model, or a GPU that allows more.`,
    );
  });

  it("refuses a kernel of more workgroups than the device allows, by the limit's name", () => {
    const x = tf.zeros([5, 1_050_000]);
    expect(() => tf.transpose(x)).toThrow(
      /^webgpu: Transpose of \[1050000,5\] needs more workgroups; the device's limit maxComputeWorkgroupsPerDimension is 65535\. Use a smaller batch/,
    );
    x.dispose();
  });

  it("says that the device was lost, at every read from then on", async () => {
    await registerWebgpuBackend();
    await tf.setBackend("webgpu");
    const y = tf.add(tf.tensor1d([1, 2, 3]), 1);
    (tf.backend() as WebGPUBackend).device.destroy();
    await expect(y.data()).rejects.toThrow(/^The GPU was lost: .*last checkpoint/);
    await expect(y.data()).rejects.toThrow(/^The GPU was lost: /);
  });
});
