import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { backendFacts, describeBackend } from "./describe-backend.js";
import { selfTest } from "./self-test.js";
import { useBackend } from "./use-backend.js";

describe("useBackend", () => {
  it("takes onednn by default where there is no GPU, and says what it passed over", async () => {
    const report = await useBackend();
    expect(report.name).toBe("onednn");
    expect(tf.getBackend()).toBe("onednn");
    expect(report.details).toMatch(/^oneDNN \d+\.\d+\.\d+, .*\d+ threads?, float32$/);
    expect(report.tried.map(({ name }) => name)).toEqual(["tensorflow", "webgpu"]);
    expect(report.tried[0]!.reason).toContain("@tensorflow/tfjs-node-gpu");
    expect(report.tried[1]!.reason).toMatch(/GPU|adapter/);
  });

  it("registers gradients", async () => {
    await useBackend("cpu");
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.square(x)))(tf.tensor1d([1, 2, 3]));
    expect([...(await gradient.data())]).toEqual([2, 4, 6]);
  });

  it("never falls back from a backend that was named", async () => {
    await expect(useBackend("tensorflow")).rejects.toThrow(
      /^The backend "tensorflow" cannot be used: @tensorflow\/tfjs-node-gpu: Cannot find .*npm install @tensorflow\/tfjs-node-gpu@4\.22\.0/,
    );
    await expect(useBackend("cpu", { precision: "bfloat16" })).rejects.toThrow('bfloat16 needs "onednn"');
    await expect(useBackend("webgpu", { precision: "bfloat16" })).rejects.toThrow('bfloat16 needs "onednn"');
  });

  it("refuses a name that it does not know", async () => {
    await expect(useBackend("cuda" as "cpu")).rejects.toThrow(
      'useBackend: `name` must be one of "auto", "tensorflow", "webgpu", "onednn", "cpu"; received "cuda".',
    );
  });
});

describe("describeBackend", () => {
  it("says what onednn and cpu compute on, with what, and what they hold", async () => {
    await useBackend("onednn");
    const x = tf.zeros([1000, 1000]);
    const { name, isGpu, versions, memory } = describeBackend();
    expect([name, isGpu]).toEqual(["onednn", false]);
    expect(versions).toMatchObject({ "@tensorflow/tfjs-core": "4.22.0", oneDNN: expect.stringMatching(/^\d+\.\d+/) });
    expect(memory.tensors).toBeGreaterThanOrEqual(4_000_000);
    expect(memory.reserved).toBeGreaterThanOrEqual(4_000_000);
    x.dispose();
    await useBackend("cpu");
    const facts = backendFacts(describeBackend());
    expect(facts.device).toMatch(/, \d+ cores$/);
    expect(facts.versions).toBe(`@tensorflow/tfjs-core 4.22.0, Node.js ${process.versions.node}`);
    expect(facts["tensor memory"]).toMatch(/^\d+ MB in tensors$/);
  });

  it("does not guess about a backend that is none of ours", async () => {
    await useBackend("cpu");
    tf.registerBackend("other", () => new MathBackendCPU());
    await tf.setBackend("other");
    expect(() => describeBackend()).toThrow(
      'describeBackend: the current backend, "other", is not known. Choose one with useBackend first: onednn, tensorflow, webgpu, cpu.',
    );
    await tf.setBackend("cpu");
    tf.removeBackend("other");
  });
});

describe("selfTest", () => {
  it("passes on a right backend and fails on one whose convolution is wrong", async () => {
    await useBackend("cpu");
    expect(await selfTest()).toBeUndefined();
    const right = tf.getKernel("Conv2D", "cpu");
    tf.unregisterKernel("Conv2D", "cpu");
    tf.registerKernel({
      ...right,
      kernelFunc: (call) => {
        const y = right.kernelFunc(call) as tf.TensorInfo;
        return tf
          .getKernel("Multiply", "cpu")
          .kernelFunc({ inputs: { a: y, b: y }, backend: call.backend }) as tf.TensorInfo;
      },
    });
    try {
      expect(await selfTest()).toMatch(/^a 3x3 convolution is off by/);
    } finally {
      tf.unregisterKernel("Conv2D", "cpu");
      tf.registerKernel(right);
    }
  });
});
