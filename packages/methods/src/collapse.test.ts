import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { cifar } from "@simclr/augment";
import { simSiam } from "@simclr/losses";
import { momentumSgd } from "@simclr/optim";
import { expectClose } from "@simclr/test-utils";
import { collapseHook, train } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { batch, network, random, SIDE } from "../test/tiny.js";
import { defineMethod, type Method } from "./define-method.js";
import { methodTask } from "./method-task.js";
import { methods } from "./methods.js";
import { project } from "./project.js";
import { projectionDeviation } from "./projection-deviation.js";

/** SimSiam without its predictor, which collapses (Table 2 of its paper): each view meets the other directly. */
const withoutPredictor = defineMethod({
  name: "simsiam-without-predictor",
  options: z.object({}),
  outputNorm: false,
  build: () => ({}),
  step: (net) => ({
    encode: (views, pass) => ({ projections: project(net, views, pass) }),
    loss: ({ rows: [z1, z2] }) => simSiam(z1!, z2!, z1!, z2!),
  }),
});

// Deviations fall from 0.7 through 0.2 quickly, and waver about their trend by 0.02: rounding decides, which threads change.
const collapsed = { patience: 3, threshold: 0.2 };

async function trainFor(steps: number, method: Method, action: "warn" | "stop") {
  const net = network({ outputNorm: method.outputNorm });
  const task = methodTask({ method, ...net, recipe: cifar({ size: SIDE }), random });
  const optimizer = momentumSgd({ momentum: 0.9 });
  const warnings: string[] = [];
  const deviations: number[] = [];
  try {
    await train({
      task,
      optimizer,
      schedule: { totalSteps: steps, learningRateAt: () => 0.1 },
      source: {
        stepsPerEpoch: steps,
        async *epoch(_, startStep) {
          for (let i = startStep; i < steps; i++) yield batch(16, i);
        },
      },
      random,
      hooks: [
        { name: "record", stepEnd: (_, { metrics }) => void deviations.push(metrics.projectionDeviation!) },
        collapseHook({ warn: (text) => void warnings.push(text), action, ...collapsed }),
      ],
    });
  } finally {
    optimizer.dispose();
    task.dispose();
    net.dispose();
  }
  return { warnings, deviations };
}

describe("collapse", () => {
  beforeAll(() => tf.setBackend("onednn"));

  it("is a deviation of 0: projections that point everywhere have 1, those on a line in 4 dimensions 1/2", () => {
    expectClose(projectionDeviation(tf.randomNormal([2000, 16], 0, 1, "float32", 1)), 1, { atol: 0.02 });
    expectClose(projectionDeviation(tf.ones([8, 16])), 0, { atol: 1e-6 });
    // Half of the rows e1, half -e1: one component deviates by 1, the other three by 0; times √4 / 4.
    expectClose(projectionDeviation(tf.tensor2d([5, 0, 0, 0, -2, 0, 0, 0], [2, 4])), 0.5, { atol: 1e-6 });
  });

  it("is provoked by leaving SimSiam's predictor out, and said once", async () => {
    const { warnings, deviations } = await trainFor(50, withoutPredictor, "warn");
    expect(deviations[0]).toBeGreaterThan(0.3);
    expect(deviations.at(-1)).toBeLessThan(0.1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^simsiam-without-predictor: collapse: the projections of all images have become alike: projectionDeviation has been below 0\.2 for 3 steps, 0\.\d+ at step \d+ \(about 1 is healthy, 0 is collapse\)\. Lower the learning rate \(it was 0\.100\)/,
    );
  }, 60_000);

  it("ends the run where it is told to", async () => {
    await expect(trainFor(30, withoutPredictor, "stop")).rejects.toThrow(
      /hook "collapse" failed in stepEnd after \d+ of 30 steps: collapse: the projections of all images have become alike/,
    );
  }, 60_000);

  it("does not happen to SimCLR", async () => {
    const { warnings, deviations } = await trainFor(30, methods.simclr, "warn");
    expect(warnings).toEqual([]);
    // One step of so few images may dip; a collapse, which the hook looks for, stays.
    const last = deviations.slice(-10);
    expect(last.reduce((sum, each) => sum + each, 0) / last.length).toBeGreaterThan(0.2);
  }, 60_000);
});
