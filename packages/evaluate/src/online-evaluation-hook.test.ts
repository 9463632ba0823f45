import "@simclr/test-utils";
import { Random, singleProcess } from "@simclr/core";
import type { TrainingRun } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { knn } from "./knn.js";
import { linearProbe } from "./linear-probe.js";
import { onlineEvaluationHook } from "./online-evaluation-hook.js";

beforeAll(() => tf.setBackend("cpu"));

/** Two classes on either side of 0, one of the test rows on the wrong one. */
const rows = {
  trainFeatures: Float32Array.of(1, 1, 2, 1, 1, 2, -1, -1, -2, -1, -1, -2),
  trainLabels: Int32Array.of(0, 0, 0, 1, 1, 1),
  testFeatures: Float32Array.of(1, 1.5, -1, -1.5, -1.5, -1, 2, 2),
  testLabels: Int32Array.of(0, 1, 1, 1),
  dimension: 2,
  classCount: 2,
};

it("adds what kNN and the linear probe measure, the same at every evaluation, and leaves no tensor", async () => {
  const random = Random.fromSeed(1);
  const hook = onlineEvaluationHook({ features: async () => rows, k: 3, epochs: 5, random });
  const run = { communicator: singleProcess() } as TrainingRun;
  const before = tf.memory().numTensors;
  const measure = async () => {
    const metrics: Record<string, number> = {};
    await hook.evaluate!(run, { step: 4, reason: "test", metrics });
    return metrics;
  };
  const first = await measure();
  expect(first).toEqual({ knnAccuracy: 0.75, linearAccuracy: 0.75 });
  expect(first.knnAccuracy).toBe((await knn({ ...rows, k: 3 })).top1);
  expect(first.linearAccuracy).toBe((await linearProbe({ ...rows, epochs: 5, random })).top1);
  expect(await measure()).toEqual(first);
  expect(tf.memory().numTensors).toBe(before);
});

it("asks for an evaluation every so many steps and at the last", async () => {
  const asked: number[] = [];
  const hook = onlineEvaluationHook({ everySteps: 4, features: async () => rows, random: Random.fromSeed(1) });
  for (let step = 1; step <= 10; step++) {
    const run = { step, totalSteps: 10, requestEvaluation: () => void asked.push(step) };
    await hook.stepEnd!(run as unknown as TrainingRun, {} as Parameters<NonNullable<typeof hook.stepEnd>>[1]);
  }
  expect(asked).toEqual([4, 8, 10]);
});

it("refuses what makes no sense", () => {
  const options = { features: async () => rows, random: Random.fromSeed(1) };
  expect(() => onlineEvaluationHook({ ...options, everySteps: 0 })).toThrow(
    "onlineEvaluationHook: `everySteps` must be an integer >= 1; received 0.",
  );
});
