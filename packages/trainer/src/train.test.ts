import { Random, TrainingError, type Weight } from "@simclr/core";
import { constant, momentumSgd, warmupCosine } from "@simclr/optim";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { logisticRegression, pointSource } from "../test/logistic-regression.js";
import type { StepReport, TrainerHook } from "./hooks.js";
import type { BatchSource, StepResult, TrainingTask } from "./task.js";
import { train } from "./train.js";

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors, "tensors left behind").toBe(before));

/** Collects the reports of all steps. */
function recorder(): TrainerHook & { readonly reports: StepReport[] } {
  const reports: StepReport[] = [];
  return { name: "recorder", reports, stepEnd: (_, report) => void reports.push(report) };
}

/** Minimizes w² / 2 from w = 1: the gradient is w, so that a step of plain SGD multiplies w by 1 - learning rate. */
function quadratic(override: (result: StepResult, step: number) => StepResult = (result) => result) {
  const variable = tf.tidy(() => tf.variable(tf.tensor1d([1])));
  const weight: Weight = { name: "w", role: "kernel", variable };
  const task: TrainingTask<number> = {
    name: "quadratic",
    weights: [weight],
    state: [weight],
    async step(_, { step }) {
      const loss = tf.tidy(() => tf.sum<tf.Scalar>(tf.mul(0.5, tf.square(variable))));
      return override({ loss, gradients: { w: tf.clone(variable) }, metrics: { step } }, step);
    },
  };
  return { task, variable };
}

const numbers = (stepsPerEpoch: number): BatchSource<number> => ({
  stepsPerEpoch,
  async *epoch(epoch, startStep) {
    for (let step = startStep; step < stepsPerEpoch; step++) yield epoch * stepsPerEpoch + step;
  },
});

const plainSgd = () => momentumSgd({ momentum: 0, nesterov: false });

describe("train", () => {
  it("takes the steps of gradient descent: w and the loss shrink by (1 - rate) and its square", async () => {
    const { task, variable } = quadratic();
    const optimizer = plainSgd();
    const record = recorder();
    const random = Random.fromSeed(0);
    const report = await train({
      task,
      optimizer,
      schedule: constant(0.25, 7),
      source: numbers(3),
      random,
      hooks: [record],
    });
    expectClose(variable, [0.75 ** 7], { rtol: 1e-6 }); // seven float32 products, each 6e-8 off at most
    expect(record.reports.map(({ step, epoch }) => [step, epoch])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 1],
      [5, 1],
      [6, 2],
    ]);
    for (const { step, loss, learningRate, metrics } of record.reports) {
      expectClose(loss, 0.5 * 0.75 ** (2 * step), { rtol: 1e-6 });
      expect(learningRate).toBe(0.25);
      expect(metrics.step).toBe(step);
    }
    expect(record.reports[0]!.metrics.gradientNorm).toBe(1); // w = 1
    expect(record.reports[1]!.metrics).not.toHaveProperty("gradientNorm");
    expect(report).toMatchObject({ startStep: 0, step: 7, totalSteps: 7, interrupted: false, reason: undefined });
    expect(report.lastLoss).toBe(record.reports[6]!.loss);
    optimizer.dispose();
    variable.dispose();
  });

  it("learns, with the number of tensors unchanged from step to step", async () => {
    const random = Random.fromSeed(5);
    const task = logisticRegression(random);
    const optimizer = momentumSgd();
    const counts: number[] = [];
    const record = recorder();
    const counter: TrainerHook = { name: "counter", stepEnd: () => void counts.push(tf.memory().numTensors) };
    const schedule = warmupCosine({
      learningRate: 0.2,
      scaling: "none",
      sampleCount: 40,
      batchSize: 8,
      epochs: 12,
      warmupEpochs: 1,
    });
    await train({
      task,
      optimizer,
      schedule,
      source: pointSource(random),
      random,
      hooks: [record, counter],
      checkGradientsEvery: 2,
    });
    expect(counts).toHaveLength(61);
    expect(new Set(counts).size).toBe(1);
    const mean = (reports: StepReport[]) => reports.reduce((sum, { loss }) => sum + loss, 0) / reports.length;
    expect(mean(record.reports.slice(-5))).toBeLessThan(0.7 * mean(record.reports.slice(0, 5)));
    for (const { batchSize, metrics, imagesPerSecond, dataWaitMs, stepMs } of record.reports) {
      expect(batchSize).toBe(8);
      expect(metrics.count).toBe(8);
      expectClose(imagesPerSecond, 8000 / (dataWaitMs + stepMs), { rtol: 1e-12 });
    }
    optimizer.dispose();
    task.dispose();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("stops before the update when the loss is %d", async (bad) => {
    const calls: string[] = [];
    const { task, variable } = quadratic((result, step) => {
      if (step < 2) return result;
      result.loss.dispose();
      return {
        ...result,
        loss: tf.scalar(bad),
        commit: () => void calls.push("commit"),
        discard: () => void calls.push("discard"),
      };
    });
    const optimizer = plainSgd();
    const training = train({
      task,
      optimizer,
      schedule: constant(0.5, 9),
      source: numbers(2),
      random: Random.fromSeed(0),
    });
    await expect(training).rejects.toThrow(
      `task "quadratic": the loss of step 2 (epoch 1) is ${bad}, at learning rate 0.5; expected a finite number. ` +
        "The weights are as they were before this step. Lower the learning rate or lengthen the warm-up, and resume from the last checkpoint.",
    );
    await expect(training).rejects.toBeInstanceOf(TrainingError);
    expect(calls).toEqual(["discard"]);
    expectClose(variable, [0.25], {});
    optimizer.dispose();
    variable.dispose();
  });

  it("stops before the update when a gradient is not finite, and names the weight", async () => {
    const { task, variable } = quadratic((result, step) => {
      if (step < 1) return result;
      tf.dispose(result.gradients);
      return { ...result, gradients: { w: tf.tensor1d([Number.NaN]) } };
    });
    const optimizer = plainSgd();
    const random = Random.fromSeed(0);
    await expect(
      train({ task, optimizer, schedule: constant(0.5, 9), source: numbers(9), random, checkGradientsEvery: 1 }),
    ).rejects.toThrow(
      'task "quadratic": 1 of 1 gradients of step 1 (epoch 0) are not finite, at learning rate 0.5: "w".',
    );
    expectClose(variable, [0.5], {});
    optimizer.dispose();
    variable.dispose();
  });

  it("refuses a learning rate that is no number, a missing gradient and a source that runs dry", async () => {
    const { task, variable } = quadratic();
    const optimizer = plainSgd();
    const random = Random.fromSeed(0);
    const source = numbers(3);
    const schedule = { totalSteps: 5, learningRateAt: () => Number.NaN };
    await expect(train({ task, optimizer, schedule, source, random })).rejects.toThrow(
      "The learning rate of step 0 is NaN; expected a finite number >= 0. Correct the schedule, or the hook that sets it.",
    );
    const short: BatchSource<number> = { stepsPerEpoch: 4, epoch: source.epoch };
    await expect(train({ task, optimizer, schedule: constant(0.1, 5), source: short, random })).rejects.toThrow(
      "The data source ended epoch 0 after 3 of 4 steps.",
    );
    const forgetful: TrainingTask<number> = {
      ...task,
      async step(batch, context) {
        const { gradients, ...result } = await task.step(batch, context);
        tf.dispose(gradients);
        return { ...result, gradients: {} };
      },
    };
    await expect(train({ task: forgetful, optimizer, schedule: constant(0.1, 5), source, random })).rejects.toThrow(
      'task "quadratic": the step gave no gradient for 1 of 1 weights, "w" first.',
    );
    await expect(
      train({ task, optimizer, schedule: constant(0.1, 5), source: { ...source, stepsPerEpoch: 0 }, random }),
    ).rejects.toThrow(
      "train: `stepsPerEpoch` must be an integer >= 1; received 0. Is the data set smaller than one batch?",
    );
    optimizer.dispose();
    variable.dispose();
  });

  it("gives every batch back and closes the source, also after an error", async () => {
    const released: number[] = [];
    let closed = 0;
    const source: BatchSource<number> = {
      stepsPerEpoch: 5,
      sizeOf: () => 3,
      release: (batch) => void released.push(batch),
      async *epoch() {
        try {
          for (let i = 0; i < 5; i++) yield i;
        } finally {
          closed++;
        }
      },
    };
    const { task, variable } = quadratic();
    const optimizer = plainSgd();
    const hook: TrainerHook = {
      name: "thrower",
      stepEnd: (_, { step, batchSize }) => {
        expect(batchSize).toBe(3);
        if (step === 2) throw new RangeError("enough");
      },
    };
    await expect(
      train({ task, optimizer, schedule: constant(0.1, 5), source, random: Random.fromSeed(0), hooks: [hook] }),
    ).rejects.toThrow('hook "thrower" failed in stepEnd after 3 of 5 steps: enough');
    expect(released).toEqual([0, 1, 2]);
    expect(closed).toBe(1);
    optimizer.dispose();
    variable.dispose();
  });
});
