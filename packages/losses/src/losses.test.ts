import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import type { Random } from "@simclr/core";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { checkLoss, type LossCheck, type LossPromise } from "./check-loss.js";
import type { Loss } from "./define-loss.js";
import { type LossName, losses } from "./losses.js";
import { sinkhorn } from "./sinkhorn.js";

const normal = (random: Random, shape: [number, number]): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal()),
    shape,
  );
const several =
  (count: number) =>
  (random: Random): never =>
    Array.from({ length: count }, () => normal(random, [5, 4])) as never;
const labelled = (random: Random): readonly [tf.Tensor2D, tf.Tensor1D] => [
  normal(random, [8, 4]),
  tf.tensor1d([0, 1, 2, 0, 1, 2, -1, 0], "int32"),
];

/** The swapped prediction with the codes of `at` held fixed, from operations that tfjs differentiates. */
function swavWithCodesOf(at: readonly tf.Tensor[]): (inputs: readonly tf.Tensor[]) => tf.Scalar {
  const unit = (x: tf.Tensor): tf.Tensor2D => tf.div(x, tf.norm(x, 2, 1, true)) as tf.Tensor2D;
  const scoresOf = (inputs: readonly tf.Tensor[]): tf.Tensor2D[] =>
    [0, 1].map((view) => tf.matMul(unit(inputs[view]!), unit(inputs[2]!), false, true));
  const codes = scoresOf(at).map((scores) => sinkhorn(scores));
  return (inputs) => {
    const logs = scoresOf(inputs).map((scores) => tf.logSoftmax(tf.div(scores, 0.1)));
    const predict = (view: number): tf.Tensor => tf.neg(tf.mean(tf.sum(tf.mul(codes[1 - view]!, logs[view]!), 1)));
    return tf.div(tf.add(predict(0), predict(1)), 2) as tf.Scalar;
  };
}

const BOTH_VIEWS = { inputs: several(2), differentiable: [0, 1], rowOrder: [[0, 1]], viewSymmetry: [[0, 1]] } as const;
/** Inputs of every loss, and what it claims. */
const CHECKS: { readonly [Name in LossName]: LossCheck<never, object> } = {
  "nt-xent": BOTH_VIEWS,
  "decoupled-nt-xent": BOTH_VIEWS,
  "barlow-twins": { ...BOTH_VIEWS, rtol: 2e-2 }, // curvature 1 / deviation² of columns of five rows
  "vic-reg": { ...BOTH_VIEWS, atol: 2e-2 }, // a value near 50: float32 of 50 / (2 · step)
  "sup-con": { inputs: labelled as never, rowOrder: [[0, 1]] },
  triplet: { inputs: labelled as never, rowOrder: [[0, 1]], step: 1e-3, atol: 2e-3 }, // kinks: small steps
  "momentum-contrast": { inputs: several(3), rowOrder: [[0, 1], [2]] },
  "byol-regression": { inputs: several(2), rowOrder: [[0, 1]] },
  "sim-siam": {
    inputs: several(4),
    differentiable: [0, 1],
    rowOrder: [[0, 1, 2, 3]],
    viewSymmetry: [
      [0, 1],
      [2, 3],
    ],
  },
  swav: {
    inputs: several(3),
    differentiable: [0, 1, 2],
    rowOrder: [[0, 1], [2]],
    viewSymmetry: [[0, 1]],
    frozen: swavWithCodesOf,
  },
  "softmax-cross-entropy": {
    inputs: (random: Random) => [normal(random, [5, 4]), tf.softmax(normal(random, [5, 4]))] as never,
    options: { labelSmoothing: 0.1 },
    rowOrder: [[0, 1]],
  },
  distillation: { inputs: several(2), rowOrder: [[0, 1]] },
};
const EVERYONE: LossPromise[] = ["value", "memory", "gradient", "row order", "extreme inputs"];
const TWO_VIEWS = ["nt-xent", "decoupled-nt-xent", "barlow-twins", "vic-reg", "sim-siam", "swav"];

describeBackends(["cpu", "onednn"], () => {
  describe("losses", () => {
    for (const name of Object.keys(losses) as LossName[]) {
      it(`${name} keeps its promises`, async () => {
        const expected = TWO_VIEWS.includes(name) ? [...EVERYONE, "view symmetry"] : EVERYONE;
        const loss = losses[name] as unknown as Loss<never, object>;
        for (const seed of [1, 2, 3])
          expect([...(await checkLoss(loss, { ...CHECKS[name], seed }))].sort()).toEqual([...expected].sort());
      });
    }

    it.each(["all", "hard"] as const)("triplet keeps its promises when it mines %s triplets", async (mining) => {
      const check = { ...CHECKS.triplet, options: { mining } } as LossCheck<never, object>;
      await checkLoss(losses.triplet as unknown as Loss<never, object>, check);
    });

    it("are called what the table calls them, and cannot be changed", () => {
      for (const [name, loss] of Object.entries(losses)) {
        expect(loss.name).toBe(name);
        expect(Object.isFrozen(loss)).toBe(true);
        expect(Object.isFrozen(loss.options)).toBe(true);
      }
    });
  });
});
