import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { type Communicator, Random, singleProcess, type Weight } from "@simclr/core";
import type { Moments, SynchroniseStatistics } from "@simclr/ops";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { BatchStatistics } from "./batch-statistics.js";
import type { ForwardOptions } from "./module.js";
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
    const layer = { ...norm, gamma: withValue(norm.gamma, g) };
    return tf.sum(tf.mul(weights, normalise(layer, v as tf.Tensor2D, options)));
  };
  const [dx, dGamma] = tf.grads(loss)([x, norm.gamma.variable]);
  statistics.apply();
  const running = [norm.movingMean, norm.movingVariance].map(({ variable }) => variable.dataSync());
  return { y, dx: dx!, dGamma: dGamma!, running };
}

/** A weight whose variable stands for another tensor, so that gradients can be taken by it. */
const withValue = (weight: Weight, value: tf.Tensor): Weight => ({ ...weight, variable: value as tf.Variable });

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

    it("synchronised over two ranks equals one rank with all rows, in values, gradients and running statistics", () => {
      const residual = tf.tensor2d([1, 0, -2, 1, 3, 1, 0, 0, -1, 2, 1, -1], [6, 2]);
      const weight = tf.tensor2d([3, 1, -2, 4, 1, 1, 5, -3, 2, 2, -1, 6], [6, 2]);
      const { norm } = build();
      /** dx, dresidual, dgamma and dbeta of the weighted sum, and the output. */
      const gradientsOf = (from: number, rows: number, options: ForwardOptions) => {
        const [own, ownResidual, ownWeight] = [x(), residual, weight].map((t) => tf.slice2d(t, [from, 0], [rows, 2]));
        const f = (v: tf.Tensor, r: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
          const layer = { ...norm, gamma: withValue(norm.gamma, gamma), beta: withValue(norm.beta!, beta) };
          return normalise(layer, v as tf.Tensor2D, options, { activation: "relu", residual: r });
        };
        const inputs = [own!, ownResidual!, norm.gamma.variable, norm.beta!.variable] as const;
        const gradients = tf.grads((v, r, gamma, beta) => f(v!, r!, gamma!, beta!))([...inputs], ownWeight!);
        return { y: f(...inputs), gradients };
      };
      const statistics = new BatchStatistics();
      const whole = gradientsOf(0, 6, { ...training, statistics });
      statistics.dispose();

      // Rank 0 has two rows and rank 1 four. Their sums are noted in a first pass, and added up in a second.
      const { mean, variance } = tf.moments(x(), 0) as { mean: tf.Tensor1D; variance: tf.Tensor1D };
      const noted: tf.Tensor1D[] = [];
      const counts: number[] = [];
      const moments = ({ count }: Moments): Moments => {
        counts.push(count);
        return { mean: tf.clone(mean), variance: tf.clone(variance), count: 6 };
      };
      const note = (own: tf.Tensor1D) => {
        noted.push(tf.keep(tf.clone(own)));
        return tf.clone(own);
      };
      const ranks = [
        { from: 0, rows: 2 },
        { from: 2, rows: 4 },
      ];
      for (const { from, rows } of ranks) gradientsOf(from, rows, { ...training, synchronise: { moments, sum: note } });
      expect(counts).toEqual([2, 2, 4, 4]); // once for the gradient and once for the value
      const sum = () => tf.add<tf.Tensor1D>(noted[0]!, noted[1]!);
      const parts = ranks.map(({ from, rows }) =>
        gradientsOf(from, rows, { ...training, synchronise: { moments, sum } }),
      );
      const joined = (of: (part: (typeof parts)[number]) => tf.Tensor) => tf.concat(parts.map(of), 0);
      expectClose(
        joined((part) => part.y),
        whole.y,
        { atol: 1e-6 },
      );
      for (const i of [0, 1])
        expectClose(
          joined((part) => part.gradients[i]!),
          whole.gradients[i]!,
          { atol: 2e-6 },
        );
      for (const i of [2, 3])
        expectClose(tf.add(parts[0]!.gradients[i]!, parts[1]!.gradients[i]!), whole.gradients[i]!, { atol: 1e-5 });
    });

    it("synchronised, moves the running statistics by those of all ranks, and measures its own", () => {
      const { mean: own, variance: spread } = tf.moments(x(), 0);
      const seen: tf.Tensor1D[] = [];
      const synchronise: SynchroniseStatistics = {
        moments({ mean, variance }) {
          seen.push(tf.keep(tf.clone(mean)), tf.keep(tf.clone(variance)));
          return { mean: tf.tensor1d([3, 4]), variance: tf.tensor1d([5, 6]), count: 12 };
        },
        sum: (sums) => tf.clone(sums),
      };
      const { running } = run(x(), { ...training, synchronise });
      expectClose(running[0]!, [0.3, 0.4], { atol: 1e-6 });
      expectClose(running[1]!, [0.9 + 0.5, 0.9 + 0.6], { atol: 1e-6 });
      expectClose(seen[0]!, own, { atol: 1e-6 });
      expectClose(seen[1]!, spread, { rtol: 1e-6 });
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
