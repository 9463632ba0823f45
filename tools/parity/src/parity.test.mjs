import "@simclr/ops/register";
import "@tensorflow/tfjs-backend-cpu";
import { registerWebgpuBackend } from "@simclr/backend-webgpu";
import { chooseVulkanDriver } from "@simclr/test-utils/vulkan";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { compareCalls, LIMIT, relativeError } from "./compare.mjs";
import { Recorder } from "./record.mjs";
import { losses } from "./train-steps.mjs";

vi.setConfig({ testTimeout: 600_000 }); // compiles some hundred shaders

/** By task; `npm run parity` makes ten of each, and @simclr/backend-webgpu's tests ten of pretraining. */
const STEPS = { simclr: 1, "fine-tuning": 3, distillation: 3 };
const missing = chooseVulkanDriver();
if (missing !== undefined && process.env.REQUIRE_WEBGPU === "1") throw new Error(missing);

it.each([
  [[1, 2, 4], [1, 2, 4], 0],
  [[1, 2, 3], [1, 2, 4], 0.25],
  [[0, Number.NaN], [0, Number.NaN], 0],
  [[0, 1e30], [0, Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
  [[Number.NaN], [1], Number.POSITIVE_INFINITY],
  [[1, 2], [1], Number.POSITIVE_INFINITY],
])("%j is off from %j by %d", (actual, expected, error) => {
  expect(relativeError(actual, expected)).toBe(error);
});

describe.skipIf(missing !== undefined)(`webgpu beside cpu (${missing ?? "SwiftShader"})`, () => {
  let calls;

  beforeAll(async () => {
    tf.env().set("PROD", true); // no banner
    await registerWebgpuBackend();
  });

  it("pretraining, fine-tuning and distillation follow cpu to 1e-4 in loss", async () => {
    const expected = {};
    const actual = {};
    await tf.setBackend("cpu");
    for (const [task, steps] of Object.entries(STEPS)) expected[task] = await losses(task, steps);
    await tf.setBackend("webgpu");
    const recorder = new Recorder("webgpu");
    for (const [task, steps] of Object.entries(STEPS)) {
      recorder.stage = task;
      actual[task] = await losses(task, steps);
    }
    calls = await recorder.finish();
    for (const task of Object.keys(STEPS))
      for (const [step, loss] of expected[task].entries())
        expect(Math.abs(actual[task][step] - loss), `${task}, step ${step}`).toBeLessThan(1e-4);
  });

  it.each([false, true])("so does every kernel and gradient of them; small ones on the CPU: %s", async (forwards) => {
    const compared = await compareCalls(calls, forwards);
    expect(compared.length).toBeGreaterThan(300);
    const wrong = compared.filter(({ error }) => !(error <= LIMIT));
    expect(wrong.map(({ call, error }) => `${call.kind} ${call.name}: ${error}`)).toEqual([]);
  });

  it("a wrong kernel is found, and a gradient that it is used in", async () => {
    const right = tf.getKernel("Multiply", "webgpu");
    tf.unregisterKernel("Multiply", "webgpu");
    tf.registerKernel({ ...right, kernelFunc: tf.getKernel("Add", "webgpu").kernelFunc });
    try {
      const some = calls.filter(({ name }) => ["Multiply", "Mean", "Sum"].includes(name));
      const wrong = (await compareCalls(some, false)).filter(({ error }) => !(error <= LIMIT));
      const found = new Set(wrong.map(({ call }) => `${call.kind} ${call.name}`));
      expect(found).toEqual(new Set(["kernel Multiply", "gradient Mean"]));
    } finally {
      tf.unregisterKernel("Multiply", "webgpu");
      tf.registerKernel(right);
    }
  });
});
