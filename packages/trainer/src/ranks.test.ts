import { type Communicator, Random } from "@simclr/core";
import { constant, momentumSgd } from "@simclr/optim";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { FEATURES, logisticRegression, type PointBatch, pointSource } from "../test/logistic-regression.js";
import type { StepReport, TrainerHook, TrainingReport } from "./hooks.js";
import type { BatchSource } from "./task.js";
import { train } from "./train.js";

/** Ranks of one process that meet in memory: `allReduce` waits for all and gives each the mean. */
function meet(size: number): Communicator[] {
  let waiting: { values: Float32Array; resolve: () => void }[] = [];
  const never = () => Promise.reject(new Error("training reduces, and does nothing else"));
  const allReduce = (values: Float32Array): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ values, resolve });
      if (waiting.length < size) return;
      const mean = values.map((_, i) => waiting.reduce((sum, other) => sum + other.values[i]!, 0) / size);
      for (const other of waiting) {
        other.values.set(mean);
        other.resolve();
      }
      waiting = [];
    });
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    allReduce,
    allGather: never,
    reduceScatter: never,
    broadcast: never,
    barrier: never,
    abort: never,
    close: async () => {},
  }));
}

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

async function runRank(
  communicator: Communicator | undefined,
  { stopAfter }: { readonly stopAfter?: number },
): Promise<{ report: TrainingReport; reports: StepReport[]; kernel: number[] }> {
  const random = Random.fromSeed(2);
  const task = logisticRegression(random, { noiseScale: 0, meanDecay: 1 }); // no draws and no statistics, which would be each rank's own
  const optimizer = momentumSgd();
  const reports: StepReport[] = [];
  const hook: TrainerHook = {
    name: "test",
    stepEnd(run, report) {
      reports.push(report);
      if (run.step === stopAfter) run.requestStop("enough");
    },
  };
  const whole = pointSource(random);
  const source = communicator ? share(whole, communicator.rank, communicator.size) : whole;
  const options = { task, optimizer, schedule: constant(0.2, 8), source, random, hooks: [hook] };
  try {
    const report = await train({
      ...options,
      checkGradientsEvery: 4,
      communicator,
    });
    return { report, reports, kernel: Array.from(await task.weights[0]!.variable.data()) };
  } finally {
    optimizer.dispose();
    task.dispose();
  }
}

it("two ranks, each with half of every batch, make the losses and weights of one", async () => {
  const before = tf.memory().numTensors;
  const alone = await runRank(undefined, {});
  const ranks = await Promise.all(meet(2).map((communicator) => runRank(communicator, {})));
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
    meet(2).map((communicator) => runRank(communicator, communicator.rank === 1 ? { stopAfter: 3 } : {})),
  );
  expect(ranks.map(({ report }) => report.step)).toEqual([4, 4]); // the wish of step 3 travels with step 4
  expect(ranks.map(({ report }) => report.reason)).toEqual(["another rank was stopped", "enough"]);
});
