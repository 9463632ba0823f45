import { type Communicator, Random, readWeights } from "@simclr/core";
import { meetingRanks } from "@simclr/distributed/testing";
import { constant, momentumSgd } from "@simclr/optim";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { FEATURES, logisticRegression, type PointBatch, pointSource } from "../test/logistic-regression.js";
import type { StepReport, TrainerHook, TrainingReport } from "./hooks.js";
import type { BatchSource } from "./task.js";
import { train } from "./train.js";

/** The part of every batch that belongs to a rank. */
function share(source: BatchSource<PointBatch>, rank: number, size: number): BatchSource<PointBatch> {
  return {
    stepsPerEpoch: source.stepsPerEpoch,
    async *epoch(epoch, startStep) {
      for await (const { indices, points, labels } of source.epoch(epoch, startStep)) {
        const count = indices.length / size;
        const [begin, end] = [rank * count, (rank + 1) * count];
        yield {
          indices: indices.slice(begin, end),
          points: points.slice(begin * FEATURES, end * FEATURES),
          labels: labels.slice(begin, end),
        };
      }
    },
  };
}

interface RankOptions {
  readonly stopAfter?: number;
  /** Steps after which an evaluation is asked for. */
  readonly askAfter?: number;
  readonly seed?: number;
  readonly drift?: number;
}

async function runRank(
  communicator: Communicator | undefined,
  { stopAfter, askAfter, seed = 2, drift = 0 }: RankOptions,
): Promise<{ report: TrainingReport; reports: StepReport[]; kernel: number[]; evaluations: string[] }> {
  const random = Random.fromSeed(2);
  const task = logisticRegression(Random.fromSeed(seed), { noiseScale: 0, meanDecay: 1 }); // no draws and no statistics, which would be each rank's own
  const optimizer = momentumSgd();
  const reports: StepReport[] = [];
  const evaluations: string[] = [];
  const hook: TrainerHook = {
    name: "test",
    stepEnd(run, report) {
      reports.push(report);
      const { variable } = task.weights[0]!;
      if (drift !== 0 && run.step === 5) variable.assign(tf.tidy(() => tf.add(variable, drift)));
      if (run.step === stopAfter) run.requestStop("enough");
      if (run.step === askAfter) run.requestEvaluation("curious");
    },
    async evaluate(run, { step, reason }) {
      const ranks = Float32Array.of(1);
      await run.communicator.allReduce(ranks, "sum"); // all are here
      evaluations.push(`${step}, ${ranks[0]} ranks: ${reason}`);
    },
  };
  const whole = pointSource(random);
  const source = communicator ? share(whole, communicator.rank, communicator.size) : whole;
  const options = { task, optimizer, schedule: constant(0.2, 8), source, random, hooks: [hook] };
  try {
    const report = await train({
      ...options,
      checkGradientsEvery: 4,
      compareRanksEvery: 2,
      communicator,
    });
    return { report, reports, evaluations, kernel: Array.from(await task.weights[0]!.variable.data()) };
  } finally {
    optimizer.dispose();
    task.dispose();
  }
}

it("two ranks, each with half of every batch, make the losses and weights of one", async () => {
  const before = tf.memory().numTensors;
  const alone = await runRank(undefined, {});
  const ranks = await Promise.all(meetingRanks(2).map((communicator) => runRank(communicator, {})));
  // Means of eight float32 values in another order, over eight steps: a few ulps of 6e-8 each.
  const tolerance = { rtol: 2e-6, atol: 1e-6 };
  for (const { reports, kernel } of ranks) {
    expect(reports).toHaveLength(8);
    reports.forEach(({ loss, metrics, batchSize }, i) => {
      const expected = alone.reports[i]!;
      expectClose(loss, expected.loss, tolerance);
      expectClose(metrics.accuracy!, expected.metrics.accuracy!, tolerance);
      if (i % 4 === 0) expectClose(metrics.gradientNorm!, expected.metrics.gradientNorm!, tolerance);
      expect(batchSize).toBe(4);
    });
    expectClose(kernel, alone.kernel, tolerance);
  }
  expect(ranks[1]!.kernel).toEqual(ranks[0]!.kernel);
  expect(tf.memory().numTensors).toBe(before);
});

it("all ranks end after the same step when one of them wants to", async () => {
  const ranks = await Promise.all(
    meetingRanks(2).map((communicator) => runRank(communicator, communicator.rank === 1 ? { stopAfter: 3 } : {})),
  );
  expect(ranks.map(({ report }) => report.step)).toEqual([4, 4]); // the wish of step 3 travels with step 4
  expect(ranks.map(({ report }) => report.reason)).toEqual(["another rank was stopped", "enough"]);
});

it("all ranks evaluate after the same step when one of them asks", async () => {
  const ranks = await Promise.all(
    meetingRanks(2).map((communicator) => runRank(communicator, communicator.rank === 1 ? { askAfter: 3 } : {})),
  );
  expect(ranks.map(({ evaluations }) => evaluations)).toEqual([
    ["3, 2 ranks: another rank asked for it"],
    ["3, 2 ranks: curious"],
  ]);
});

it("ranks that were initialised otherwise start with the weights of rank 0", async () => {
  const ranks = await Promise.all(
    meetingRanks(4).map((communicator) => runRank(communicator, { seed: 2 + communicator.rank })),
  );
  const alone = await runRank(meetingRanks(1)[0], {});
  for (const { kernel } of ranks) expect(kernel).toEqual(ranks[0]!.kernel);
  expectClose(ranks[0]!.kernel, alone.kernel, { rtol: 2e-6, atol: 1e-6 });
});

it("notices on every rank when the weights of one have drifted, and names it", async () => {
  const outcomes = await Promise.allSettled(
    meetingRanks(4).map((communicator) => runRank(communicator, communicator.rank === 1 ? { drift: 1e-6 } : {})),
  );
  for (const { reason } of outcomes as PromiseRejectedResult[]) {
    expect(reason.message).toContain("After step 6 the weights of task");
    expect(reason.message).toContain("rank 1 differs from rank 0");
  }
});

it("refuses ranks that stand at different steps", async () => {
  const starts = meetingRanks(2).map(async (communicator) => {
    const random = Random.fromSeed(2);
    const task = logisticRegression(random, { noiseScale: 0, meanDecay: 1 });
    const optimizer = momentumSgd();
    const state = { step: communicator.rank, weights: await readWeights(task.state), slots: {}, meta: {} };
    const source = share(pointSource(random), communicator.rank, 2);
    try {
      const options = { task, optimizer, schedule: constant(0.2, 8), source, random, communicator };
      return await train({ ...options, resumeFrom: state });
    } finally {
      optimizer.dispose();
      task.dispose();
    }
  });
  const outcomes = await Promise.allSettled(starts);
  for (const [rank, { reason }] of (outcomes as PromiseRejectedResult[]).entries()) {
    expect(reason.message).toContain("rank 1 differs from rank 0 in the step to start from");
    expect(reason.message).toContain(`rank ${rank} is at step ${rank}`);
  }
});
