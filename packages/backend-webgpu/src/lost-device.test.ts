import "@simclr/ops/register";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random, type Weight } from "@simclr/core";
import { constant, momentumSgd } from "@simclr/optim";
import { type TrainingTask, train } from "@simclr/trainer";
import { checkpointHook, latestCheckpoint } from "@simclr/trainer/node";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { registerWebgpuBackend } from "./register-backend.js";
import { hasTestDevice, NEEDS_DEVICE, noiseTensor } from "./testing.js";

const STEPS = 8;

/** Least squares of 3 numbers. */
function regression(): TrainingTask<number> {
  const variable = tf.variable(noiseTensor([3, 1], 1), true);
  const weights: Weight[] = [{ name: "w", role: "kernel", variable }];
  return {
    name: "regression",
    weights,
    state: weights,
    step: async (seed) => {
      const { value: loss, grads } = tf.variableGrads(
        () => tf.mean(tf.square(tf.sub(tf.matMul(noiseTensor<tf.Rank.R2>([5, 3], seed), variable as tf.Tensor2D), 1))),
        [variable],
      );
      return { loss, gradients: { w: grads[variable.name]! }, metrics: {} };
    },
  };
}

/** Trains from the folder's last checkpoint; the weights at the end. @param loseAt - The step after which the device is lost. */
async function trained(folder: string, loseAt?: number): Promise<Float32Array> {
  await registerWebgpuBackend();
  await tf.setBackend("webgpu");
  await tf.ready();
  const task = regression();
  const optimizer = momentumSgd({ momentum: 0.9 });
  const latest = await latestCheckpoint(folder);
  await train({
    ...{ task, optimizer, schedule: constant(0.1, STEPS), random: Random.fromSeed(1) },
    resumeFrom: latest?.checkpoint?.state,
    source: {
      stepsPerEpoch: STEPS,
      async *epoch(_, start) {
        for (let step = start; step < STEPS; step++) yield step;
      },
    },
    hooks: [
      checkpointHook({ folder, everySteps: 2 }),
      {
        name: "lose",
        stepEnd: ({ step }) => {
          if (step === loseAt) (tf.backend() as WebGPUBackend).device.destroy();
        },
      },
    ],
  });
  return task.weights[0]!.variable.data<"float32">();
}

describe.skipIf(!hasTestDevice())(`a run whose device is lost (${NEEDS_DEVICE})`, () => {
  it("stops, keeps its last checkpoint, says so, and goes on from there as if nothing had been", async () => {
    const [whole, broken] = [mkdtempSync(join(tmpdir(), "whole-")), mkdtempSync(join(tmpdir(), "broken-"))];
    try {
      const expected = await trained(whole);
      await expect(trained(broken, 5)).rejects.toThrow(
        /^The GPU was lost: .*What was computed since the last checkpoint is gone; resume from it, and look at the driver's log\.$/,
      );
      expect((await latestCheckpoint(broken))?.checkpoint?.state.step).toBe(4);
      expect([...(await trained(broken))]).toEqual([...expected]);
    } finally {
      for (const folder of [whole, broken]) rmSync(folder, { recursive: true });
    }
  });
});
