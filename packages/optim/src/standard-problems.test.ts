import "@simclr/backend-onednn/register";
import { readFileSync } from "node:fs";
import type { Weight } from "@simclr/core";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { adamW } from "./adam-w.js";
import { clipped } from "./clip-gradients.js";
import { lars } from "./lars.js";
import { momentumSgd } from "./momentum-sgd.js";
import type { Optimizer, SlotValue } from "./optimizer.js";
import type { ParameterGroup } from "./parameter-group.js";
import { torchLars } from "./torch-lars.js";

/** Where each optimizer of fixtures/optimizer_trajectories.py arrives on each problem. */
const FIXTURE = JSON.parse(readFileSync(new URL("../fixtures/trajectories.json", import.meta.url), "utf8")) as {
  readonly steps: number;
  readonly ends: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly groups: Readonly<Record<string, readonly number[]>>;
};

/** float32 steps against float64 ones: sixty roundings of 6e-8, which the steeper problems amplify. */
const CLOSE = { atol: 1e-4, rtol: 1e-4 };

interface Problem {
  readonly start: readonly number[];
  readonly gradient: (p: readonly number[]) => number[];
}

const POINTS = [
  [1, 2, 1],
  [2, 0.5, 1],
  [0.5, 1.5, 1],
  [-1, -1, -1],
  [-2, 0.5, -1],
  [0.5, -2, -1],
] as const;

const PROBLEMS: Readonly<Record<string, Problem>> = {
  quadratic: {
    start: [0, 0, 0],
    gradient: (p) => [1, 4, 25].map((curvature, i) => curvature * (p[i]! - [1, -2, 0.5][i]!)),
  },
  rosenbrock: {
    start: [-1.2, 1],
    gradient: ([x, y]) => [-2 * (1 - x!) - 40 * x! * (y! - x! ** 2), 20 * (y! - x! ** 2)],
  },
  logistic: {
    start: [0.1, -0.1],
    gradient: ([w0, w1]) => {
      const sum = [0, 0];
      for (const [x0, x1, label] of POINTS) {
        const slope = -label / (1 + Math.exp(label * (x0 * w0! + x1 * w1!))) / POINTS.length;
        sum[0]! += slope * x0;
        sum[1]! += slope * x1;
      }
      return sum;
    },
  },
};

const LARS = { trustCoefficient: 0.02 };

/** Makers and learning rates by the names of the fixture. */
const OPTIMIZERS: Readonly<Record<string, readonly [() => Optimizer, number]>> = {
  sgd: [() => momentumSgd({ momentum: 0, nesterov: false }), 0.02],
  momentum: [() => momentumSgd({ nesterov: false, weightDecay: 1e-3 }), 0.005],
  nesterov: [() => momentumSgd({ weightDecay: 1e-3 }), 0.005],
  "nesterov, clipped": [() => clipped(momentumSgd(), { maxNorm: 2 }), 0.005],
  adamw: [() => adamW(), 0.05],
  "adamw, own betas": [() => adamW({ beta1: 0.8, beta2: 0.95, epsilon: 1e-4, weightDecay: 0.1 }), 0.05],
  lars: [() => lars(LARS), 0.3],
  "lars, nesterov": [() => lars({ ...LARS, nesterov: true }), 0.3],
  "lars, popular": [() => lars({ ...LARS, momentumStyle: "popular" }), 0.3],
  "lars, popular nesterov": [() => lars({ ...LARS, momentumStyle: "popular", nesterov: true }), 0.3],
  "torch-lars": [() => torchLars(LARS), 0.3],
  "torch-lars, nesterov": [() => torchLars({ ...LARS, nesterov: true }), 0.3],
  "torch-lars, clipped": [() => torchLars({ ...LARS, clip: true }), 0.02],
};

const weightAt = (name: string, start: readonly number[]): Weight => ({
  name,
  role: "kernel",
  variable: tf.tidy(() => tf.variable(tf.tensor1d([...start]))),
});

function descend(
  optimizer: Optimizer,
  weights: readonly Weight[],
  { gradient }: Problem,
  steps: number,
  rate: number,
): number[] {
  for (let step = 0; step < steps; step++)
    tf.tidy(() => {
      const gradients = weights.map(({ name, variable }) => [name, tf.tensor1d(gradient([...variable.dataSync()]))]);
      optimizer.apply(weights, Object.fromEntries(gradients), rate);
    });
  return weights.flatMap(({ variable }) => [...variable.dataSync()]);
}

const saved = (optimizer: Optimizer): Record<string, SlotValue> =>
  Object.fromEntries(
    optimizer.slots().map(({ name, variable }) => {
      return [name, { shape: [...variable.shape], data: variable.dataSync<"float32">().slice() }];
    }),
  );

it("has an expectation for every optimizer, and an optimizer for every expectation", () => {
  expect(Object.keys(OPTIMIZERS)).toEqual(Object.keys(FIXTURE.ends));
});

describeBackends(["cpu", "onednn"], () => {
  describe.each(Object.entries(OPTIMIZERS))("%s", (name, [make, rate]) => {
    it.each(Object.entries(PROBLEMS))("arrives where PyTorch does: %s", (problem, definition) => {
      const before = tf.memory().numTensors;
      const optimizer = make();
      const weight = weightAt("p", definition.start);
      const end = descend(optimizer, [weight], definition, FIXTURE.steps, rate);
      expectClose(end, FIXTURE.ends[name]![problem]!, CLOSE);
      optimizer.dispose();
      weight.variable.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it("goes on from saved slots bit for bit", () => {
      const { rosenbrock } = PROBLEMS;
      const [a, b] = [weightAt("p", rosenbrock!.start), weightAt("p", rosenbrock!.start)];
      const [whole, first, second] = [make(), make(), make()];
      descend(whole, [a], rosenbrock!, 9, rate);
      descend(first, [b], rosenbrock!, 4, rate);
      second.restoreSlots(saved(first));
      descend(second, [b], rosenbrock!, 5, rate);
      expect([...b.variable.dataSync()]).toEqual([...a.variable.dataSync()]);
      expect(saved(second)).toEqual(saved(whole));
    });
  });

  const slow: ParameterGroup[] = [{ under: "slow", learningRateScale: 0.1, weightDecay: 0 }];
  const grouped: [string, () => Optimizer, number][] = [
    ["nesterov", () => momentumSgd({ weightDecay: 1e-3, groups: slow }), 0.005],
    ["adamw", () => adamW({ groups: slow }), 0.05],
  ];
  it.each(grouped)("a parameter group has its own rate and decay, as PyTorch's: %s", (name, make, rate) => {
    const { logistic } = PROBLEMS;
    const weights = [weightAt("fast/p", logistic!.start), weightAt("slow/p", logistic!.start)];
    expectClose(descend(make(), weights, logistic!, FIXTURE.steps, rate), FIXTURE.groups[name]!, CLOSE);
  });
});
