import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { type Communicator, Random, singleProcess, type Weight } from "@simclr/core";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { BatchStatistics } from "./batch-statistics.js";
import type { ForwardOptions, Moments } from "./module.js";
import { makeNorm, type Norm, normalise } from "./norm.js";
import { weightMaker } from "./weight-spec.js";

const random = Random.fromSeed(6);
const training = { training: true } as const;

function build(): { norm: Norm<Weight>; weights: Weight[] } {
  const { make, weights } = weightMaker(random);
  const norm = makeNorm(make, { name: "norm", channels: 2 });
  norm.gamma.variable.assign(tf.tensor1d([0.5, 2]));
  norm.beta!.variable.assign(tf.tensor1d([1, -1]));
  return { norm, weights };
}

/** Values, the gradient of a weighted sum by x and gamma, and the running statistics after one step. */
function run(x: tf.Tensor2D, options: ForwardOptions) {
  const { norm } = build();
  const statistics = new BatchStatistics();
  const weights = tf.tensor2d(
    Array.from({ length: x.size }, (_, i) => Math.sin(i + 1)),
    x.shape,
  );
  const y = normalise(norm, x, { ...options, statistics });
  const loss = (v: tf.Tensor, g: tf.Tensor) => {
    const gamma = { ...norm.gamma, variable: g as tf.Variable };
    return tf.sum(tf.mul(weights, normalise({ ...norm, gamma }, v as tf.Tensor2D, options)));
  };
  const [dx, dGamma] = tf.grads(loss)([x, norm.gamma.variable]);
  statistics.apply();
  const running = [norm.movingMean, norm.movingVariance].map(({ variable }) => variable.dataSync());
  return { y, dx: dx!, dGamma: dGamma!, running };
}

const x = () => tf.tensor2d([1, 2, 3, 5, -1, 4, 0, 7, 10, 1, 14, 0], [6, 2]);

describeBackends(["cpu", "onednn"], () => {
  describe("batch norm", () => {
    it("normalises with the biased variance, and keeps the biased variance", () => {
      const { y, running } = run(tf.tensor2d([1, 10, 3, 14], [2, 2]), training);
      // mean 2 and 12, variance 1 and 4, gamma 0.5 and 2, beta 1 and -1
      const [a, b] = [0.5 / Math.sqrt(1 + 1e-5), 4 / Math.sqrt(4 + 1e-5)];
      expectClose(y, [1 - a, -1 - b, 1 + a, -1 + b], { atol: 1e-6 });
      expectClose(running[0]!, [0.2, 1.2], { atol: 1e-6 });
      expectClose(running[1]!, [0.9 + 0.1, 0.9 + 0.4], { atol: 1e-6 });
    });

    it("with parts equals one pass after the other, in values, gradients and running statistics", () => {
      const whole = run(x(), { ...training, statisticsParts: 2 });
      const { norm } = build();
      for (const part of [0, 1]) {
        const rows = tf.slice2d(x(), [3 * part, 0], [3, 2]);
        const statistics = new BatchStatistics();
        expectClose(tf.slice(whole.y, [3 * part, 0], [3, 2]), normalise(norm, rows, { ...training, statistics }), {
          atol: 0,
        });
        statistics.apply();
      }
      expectClose(whole.running[0]!, norm.movingMean.variable, { atol: 1e-7 });
      expectClose(whole.running[1]!, norm.movingVariance.variable, { atol: 1e-6 });
      const apart = run(tf.slice2d(x(), [0, 0], [3, 2]), training);
      expectClose(tf.slice(whole.dx, [0, 0], [3, 2]), apart.dx, { atol: 1e-6 });
    });

    it("refuses rows that do not divide into the parts", () => {
      expect(() => run(x(), { ...training, statisticsParts: 4 })).toThrow(
        "batch norm: the number of rows must be a multiple of `statisticsParts`, 4; received 6. Pass whole views, or 1 for `statisticsParts`.",
      );
    });

    it("with synchronised moments of two parts equals the whole batch, in values, gradients and running statistics", () => {
      // Both "ranks" hold the same rows here, so the moments over all are the moments of each: the hook must change nothing,
      // though values and gradients now go through it.
      const plain = run(x(), training);
      const counts: number[] = [];
      const synchronise = ({ mean, variance, count }: Moments) => {
        counts.push(count);
        const ranks = [mean, mean];
        const all = tf.div<tf.Tensor1D>(tf.addN(ranks), 2);
        const between = tf.div(tf.addN(ranks.map((own) => tf.square(tf.sub(own, all)))), 2);
        return { mean: all, variance: tf.add<tf.Tensor1D>(variance, between) };
      };
      const merged = run(x(), { ...training, synchronise });
      expect(counts[0]).toBe(6);
      expectClose(merged.y, plain.y, { atol: 1e-6 });
      expectClose(merged.dx, plain.dx, { atol: 1e-6 });
      expectClose(merged.dGamma, plain.dGamma, { atol: 1e-5 });
      expectClose(merged.running[1]!, plain.running[1]!, { atol: 1e-6 });
    });

    it("with running statistics in training does not move them, and still trains gamma", () => {
      const { y, dGamma, running } = run(x(), { ...training, useRunningStatistics: true });
      const { norm } = build();
      expectClose(y, normalise(norm, x(), { training: false }), { atol: 0 });
      expect([...running[0]!, ...running[1]!]).toEqual([0, 0, 1, 1]);
      expect(Math.abs(dGamma.dataSync()[0]!)).toBeGreaterThan(0.1);
    });
  });
});

describe("BatchStatistics.synchronise", () => {
  /** Two ranks in one process: the second one to call gets the reduction of both. */
  function twoRanks(): Communicator[] {
    const pending: { values: Float32Array; resolve: () => void }[] = [];
    const allReduce = (values: Float32Array): Promise<void> =>
      new Promise((resolve) => {
        pending.push({ values, resolve });
        if (pending.length < 2) return;
        const [a, b] = pending.splice(0) as [(typeof pending)[0], (typeof pending)[0]];
        const mean = a.values.map((value, i) => (value + b.values[i]!) / 2);
        for (const each of [a, b]) {
          each.values.set(mean);
          each.resolve();
        }
      });
    return [0, 1].map((rank) => ({ ...singleProcess(), rank, size: 2, allReduce }));
  }

  it("gives both ranks the running statistics of the whole batch", async () => {
    await tf.setBackend("cpu");
    const whole = build();
    const statistics = new BatchStatistics();
    normalise(whole.norm, x(), { ...training, statistics });
    statistics.apply();
    const before = tf.memory().numTensors;
    const ranks = await Promise.all(
      twoRanks().map(async (communicator, rank) => {
        const { norm, weights } = build();
        const own = new BatchStatistics();
        tf.tidy(() => normalise(norm, tf.slice2d(x(), [3 * rank, 0], [3, 2]), { ...training, statistics: own }));
        await own.synchronise(communicator);
        own.apply();
        return { norm, weights };
      }),
    );
    for (const { norm } of ranks) {
      expectClose(norm.movingMean.variable, whole.norm.movingMean.variable, { atol: 1e-6 });
      expectClose(norm.movingVariance.variable, whole.norm.movingVariance.variable, { atol: 1e-5 });
    }
    const made = ranks.flatMap(({ weights }) => weights).length;
    expect(tf.memory().numTensors - before).toBeGreaterThanOrEqual(made);
    for (const { weights } of ranks) for (const { variable } of weights) variable.dispose();
  });
});
