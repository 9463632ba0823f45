import "@simclr/backend-onednn/register";
import type { Weight, WeightRole } from "@simclr/core";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { adamW } from "./adam-w.js";
import { clipByGlobalNorm } from "./clip-gradients.js";
import { type LarsOptions, lars } from "./lars.js";
import { momentumSgd } from "./momentum-sgd.js";
import type { Optimizer, SlotValue } from "./optimizer.js";
import { torchLars } from "./torch-lars.js";

const START = [0.5, -0.25, 1, 0.75];
const GRADIENT = [0.1, -0.2, 0.3, 0.4];
/** A few float32 ulps of a number near 1. */
const ULPS = { atol: 2e-7 };

const weightOf = (role: WeightRole, values: number[] | tf.Tensor, name: string = role): Weight => ({
  name,
  role,
  variable: tf.tidy(() => tf.variable(values instanceof tf.Tensor ? values : tf.tensor1d(values))),
});
const kernel = (): Weight => weightOf("kernel", tf.tensor2d(START, [2, 2]));
const gradientAt = (step: number): tf.Tensor => tf.mul(step, tf.tensor2d(GRADIENT, [2, 2]));

/** The values of `weight` after each of the steps 1, 2, …, whose gradients `gradient(step)` gives. */
function trajectory(
  optimizer: Optimizer,
  weight: Weight,
  gradient: (step: number) => tf.Tensor,
  steps: number,
  learningRate = 0.3,
): number[][] {
  return Array.from({ length: steps }, (_, i) => {
    optimizer.apply([weight], { [weight.name]: gradient(i + 1) }, learningRate);
    return [...weight.variable.dataSync()];
  });
}

function saved(optimizer: Optimizer): Record<string, SlotValue> {
  const entries = optimizer.slots().map(({ name, variable }): [string, SlotValue] => {
    return [name, { shape: variable.shape, data: variable.dataSync<"float32">().slice() }];
  });
  return Object.fromEntries(entries);
}

/** Weights after the two steps of fixtures/lars_steps.py. */
const VARIANTS: [LarsOptions, number[]][] = [
  [{ nesterov: true }, [0.425683037, -0.249836406, 0.965995981, 0.655199376]],
  [{ momentumStyle: "popular" }, [0.463989476, -0.241979286, 0.973414966, 0.693235302]],
  [{ momentumStyle: "popular", nesterov: true }, [0.461272419, -0.250145478, 0.982573726, 0.70091272]],
];

const MOMENTUM = ["momentum"];
/** Makers, and the slots that they keep for a weight. */
const OPTIMIZERS: [string, () => Optimizer, string[]][] = [
  ["lars", () => lars(), MOMENTUM],
  ["lars, popular momentum", () => lars({ momentumStyle: "popular", nesterov: true }), MOMENTUM],
  ["torch-lars", () => torchLars(), MOMENTUM],
  ["momentum-sgd", () => momentumSgd({ weightDecay: 1e-4 }), MOMENTUM],
  ["adamw", () => adamW(), ["first-moment", "second-moment", "updates"]],
];

/** Slots of weights of shape [2], all ones, as restoreSlots takes them. */
const ones = (weightName: string, kinds: readonly string[]): Record<string, SlotValue> =>
  Object.fromEntries(
    kinds.map((kind) => {
      const shape = kind === "updates" ? [] : [2];
      return [`${weightName}/${kind}`, { shape, data: new Float32Array(kind === "updates" ? 1 : 2).fill(1) }];
    }),
  );

describeBackends(["cpu", "onednn"], () => {
  describe("lars", () => {
    it("takes the steps of the reference implementation", () => {
      const params = trajectory(lars(), kernel(), gradientAt, 3);
      expectClose(params[0]!, [0.49992498, -0.2498500162, 0.9997749775, 0.7497000137], ULPS);
      expectClose(params[1]!, [0.499782473, -0.249565081, 0.999347509, 0.749130117], ULPS);
      expectClose(params[2]!, [0.499579271, -0.2491587665, 0.9987379626, 0.7483174581], ULPS);
    });

    it.each<WeightRole>(["gamma", "beta", "bias", "classifier-kernel", "classifier-bias"])(
      "moves a %s with the full learning rate and no decay",
      (role) => {
        const params = trajectory(lars(), weightOf(role, [1, 1]), () => tf.tensor1d([0.1, -0.2]), 2);
        expectClose(params[0]!, [0.97, 1.06], ULPS);
        expectClose(params[1]!, [0.913, 1.174], ULPS);
      },
    );

    it.each(VARIANTS)("takes the steps of fixtures/lars_steps.py with %o", (variant, expected) => {
      const turning = [GRADIENT, [0.4, 0.3, -0.2, 0.1]].map((values) => tf.tensor2d(values, [2, 2]));
      const optimizer = lars({ ...variant, trustCoefficient: 0.1 });
      expectClose(trajectory(optimizer, kernel(), (step) => turning[step - 1]!, 2)[1]!, expected, ULPS);
    });

    it("adapts and decays an excluded role once it is no longer excluded", () => {
      const weight = weightOf("classifier-kernel", tf.tensor2d(START, [2, 2]));
      const [first] = trajectory(lars({ exclude: ["gamma"] }), weight, gradientAt, 1);
      expectClose(first!, [0.49992498, -0.2498500162, 0.9997749775, 0.7497000137], ULPS);
    });

    it("adds the classifier's own decay to its kernel alone", () => {
      const optimizer = () => lars({ classifierWeightDecay: 0.5 });
      const at = (role: WeightRole) => trajectory(optimizer(), weightOf(role, [2]), () => tf.tensor1d([1]), 1, 0.1)[0]!;
      expectClose(at("classifier-kernel"), [1.8], ULPS); // 2 - 0.1 * (1 + 0.5 * 2)
      expectClose(at("classifier-bias"), [1.9], ULPS);
    });

    it("refuses options out of range", () => {
      expect(() => lars({ momentum: 1.1 })).toThrow("lars: `momentum` must be in [0, 1]; received 1.1.");
      expect(() => lars({ trustCoefficient: 0 })).toThrow(
        "lars: `trustCoefficient` must be a finite number > 0; received 0.",
      );
      expect(() => lars({ momentumStyle: "nesterov" as "classic" })).toThrow(
        'lars: `momentumStyle` must be one of "classic", "popular"; received "nesterov".',
      );
    });
  });

  describe("momentumSgd", () => {
    // p0 = 2, g = 0.5, mu 0.5, lr 0.2
    const run = (role: WeightRole, options: Parameters<typeof momentumSgd>[0]) =>
      trajectory(momentumSgd({ momentum: 0.5, ...options }), weightOf(role, [2]), () => tf.tensor1d([0.5]), 2, 0.2);

    it("uses Nesterov momentum by default", () => {
      const [first, second] = run("kernel", {});
      expectClose(first!, [1.85], ULPS); // v = 0.5: 2 - 0.2 * (0.25 + 0.5)
      expectClose(second!, [1.675], ULPS); // v = 0.75: 1.85 - 0.2 * (0.375 + 0.5)
    });

    it("can use plain momentum", () => {
      expectClose(run("kernel", { nesterov: false })[1]!, [1.75], ULPS); // 2 - 0.2 * (0.5 + 0.75)
    });

    it("decays biases, but not the parameters of batch norm", () => {
      const plain = [1.85];
      const options = { weightDecay: 0.1 };
      expectClose(run("bias", options)[0]!, [1.79], ULPS); // g = 0.7: 2 - 0.2 * (0.35 + 0.7)
      for (const role of ["gamma", "beta"] as const) expectClose(run(role, options)[0]!, plain, ULPS);
    });
  });

  describe("adamW", () => {
    it("takes a first step of the learning rate, whatever the size of the gradient, after the decay", () => {
      const first = (role: WeightRole) =>
        trajectory(adamW({ weightDecay: 0.5 }), weightOf(role, [2, 2]), () => tf.tensor1d([30, -0.3]), 1, 0.1)[0]!;
      expectClose(first("kernel"), [1.8, 2], { atol: 4e-7 }); // 2 · (1 - 0.05) ± 0.1
      for (const role of ["gamma", "beta", "bias", "classifier-bias"] as const)
        expectClose(first(role), [1.9, 2.1], { atol: 4e-7 });
    });

    it("refuses saved moments of which some are missing", () => {
      const { "a/updates": _, ...fewer } = ones("a", ["first-moment", "second-moment", "updates"]);
      expect(() => adamW().restoreSlots(fewer)).toThrow(
        "adamw: slot `a/updates` is missing, where others of `a` are there.",
      );
    });

    it("refuses options out of range", () => {
      expect(() => adamW({ beta2: 1 })).toThrow("adamW: `beta2` must be in [0, ");
      expect(() => adamW({ epsilon: 0 })).toThrow("adamW: `epsilon` must be a finite number > 0; received 0.");
    });
  });

  describe("torchLars", () => {
    it("moves excluded roles, and all weights without a decay, with the full learning rate", () => {
      const gradient = () => tf.tensor1d([0.1, -0.2]);
      const excluded = trajectory(torchLars(), weightOf("gamma", [1, 1]), gradient, 2);
      const undecayed = trajectory(torchLars({ weightDecay: 0 }), weightOf("kernel", [1, 1]), gradient, 2);
      for (const [first, second] of [excluded, undecayed]) {
        expectClose(first!, [0.97, 1.06], ULPS);
        expectClose(second!, [0.913, 1.174], ULPS);
      }
      const adapted = trajectory(
        torchLars({ weightDecay: 0, adaptWithoutDecay: true, trustCoefficient: 0.1 }),
        weightOf("kernel", [3, 4]),
        () => tf.tensor1d([0.6, 0.8]),
        1,
        1,
      );
      expectClose(adapted[0]!, [2.7, 3.6], ULPS); // 0.1 · 5 / 1 times the gradient
    });
  });

  describe("clipByGlobalNorm", () => {
    it("scales gradients whose common norm is above the limit, and leaves the others", () => {
      const gradients = { a: tf.tensor1d([3, 0]), b: tf.tensor2d([[4]]), c: null };
      const { a, b, c } = clipByGlobalNorm(gradients, 1);
      expectClose(a!, [0.6, 0], { atol: 2e-7 }); // 1 / (5 + 1e-6)
      expectClose(b!, [0.8], { atol: 2e-7 });
      expect(c).toBeNull();
      expectClose(clipByGlobalNorm(gradients, 10).a!, [3, 0], {});
      expectClose(clipByGlobalNorm({ a: tf.zeros([2]) }, 1).a!, [0, 0], {});
    });
  });

  it("refuses a group that takes every weight", () => {
    expect(() => momentumSgd({ groups: [{ learningRateScale: 0.1 }] })).toThrow(
      "momentum-sgd: `groups[0]` takes every weight; expected `under`, `roles` or both.",
    );
  });

  describe.each(OPTIMIZERS)("the contract of an optimizer: %s", (_name, make, kinds) => {
    it("leaves weights without a gradient alone, and makes no slot for them", () => {
      const optimizer = make();
      const [used, unused] = [weightOf("kernel", [1, 2], "a"), weightOf("kernel", [3, 4], "b")];
      optimizer.apply([used, unused], { a: tf.ones([2]), b: null }, 0.1);
      expectClose(unused.variable, [3, 4], {});
      expect(used.variable.dataSync()[0]).toBeLessThan(1);
      expect(optimizer.slots().map(({ name }) => name)).toEqual(kinds.map((kind) => `a/${kind}`));
    });

    it("goes on from restored slots exactly as it would have gone on", () => {
      const [a, b] = [kernel(), kernel()];
      const [whole, first, second] = [make(), make(), make()];
      trajectory(whole, a, gradientAt, 5);
      trajectory(first, b, gradientAt, 3);
      second.restoreSlots(saved(first));
      trajectory(second, b, (step) => gradientAt(step + 3), 2);
      expect([...b.variable.dataSync()]).toEqual([...a.variable.dataSync()]);
      expect(saved(second)).toEqual(saved(whole));
    });

    it("forgets its own slots when others are restored", () => {
      const optimizer = make();
      trajectory(optimizer, kernel(), gradientAt, 1);
      optimizer.restoreSlots(ones("other", kinds));
      expect(saved(optimizer)).toEqual(ones("other", kinds));
    });

    it("keeps as many tensors as slots after the first step, and none after dispose", () => {
      const before = tf.memory().numTensors;
      const weights = [weightOf("kernel", [1, 2], "a"), weightOf("gamma", [1, 2], "b")];
      const gradients = { a: tf.ones([2]), b: tf.ones([2]) };
      const optimizer = make();
      expectNewTensors(2 * kinds.length, () => {
        optimizer.apply(weights, gradients, 0.1);
        return [];
      });
      expectNewTensors(0, () => {
        optimizer.apply(weights, gradients, 0.1);
        optimizer.restoreSlots(saved(optimizer));
        return [];
      });
      optimizer.dispose();
      tf.dispose([weights.map(({ variable }) => variable), gradients]);
      expect(tf.memory().numTensors).toBe(before);
    });

    it("does nothing at learning rate 0 but gather momentum", () => {
      const optimizer = make();
      const weight = weightOf("kernel", [1, 2]);
      optimizer.apply([weight], { kernel: tf.ones([2]) }, 0);
      expectClose(weight.variable, [1, 2], {});
      expect(optimizer.slots()).toHaveLength(kinds.length);
    });

    it("refuses gradients that do not belong to the weights, before it changes any", () => {
      const optimizer = make();
      const weights = [weightOf("kernel", [1, 2], "a"), weightOf("statistic", [3], "mean")];
      const apply = (gradients: Record<string, tf.Tensor>, rate = 0.1) => {
        return () => optimizer.apply(weights, gradients, rate);
      };
      const good = tf.ones([2]);
      expect(apply({ a: good, c: good })).toThrow(
        `${optimizer.name}: there is a gradient for \`c\`, which is no weight. Key gradients by weight name and pass all ` +
          "weights that have one.",
      );
      expect(apply({ a: good, mean: tf.ones([1]) })).toThrow("`mean` is a running statistic, which is not trained");
      expect(apply({ a: tf.ones([3]) })).toThrow(
        `${optimizer.name}: \`the gradient of a\` must have shape [2], like \`a\`; received [3].`,
      );
      expect(apply({ a: good }, -1)).toThrow("`learningRate` must be in [0,");
      expect(apply({ a: good }, Number.NaN)).toThrow("received NaN");
      expect(() => optimizer.apply([weights[0]!, weights[0]!], {}, 0.1)).toThrow("two weights have the name `a`");
      expectClose(weights[0]!.variable, [1, 2], {});
      expect(optimizer.slots()).toHaveLength(0);
    });

    it("refuses slots that it cannot use, and use after dispose", () => {
      const optimizer = make();
      const data = new Float32Array(2);
      const expected = kinds.map((kind) => `\`<weight>/${kind}\``).join(" or ");
      expect(() => optimizer.restoreSlots({ "a/adam": { shape: [2], data } })).toThrow(
        `${optimizer.name}: slot names must read ${expected}; received \`a/adam\`.`,
      );
      const [first] = kinds;
      expect(() => optimizer.restoreSlots({ ...ones("a", kinds), [`a/${first}`]: { shape: [3], data } })).toThrow(
        `${optimizer.name}: slot \`a/${first}\` of shape [3] must hold 3 values; received 2.`,
      );
      optimizer.restoreSlots({ ...ones("a", kinds), [`a/${first}`]: { shape: [1, 2], data } });
      expect(() => optimizer.apply([weightOf("kernel", [1, 2], "a")], { a: tf.ones([2]) }, 0.1)).toThrow(
        `\`a/${first}\` must have shape [2], like \`a\`; received [1, 2]. The restored slots belong to another model.`,
      );
      optimizer.dispose();
      expect(() => optimizer.apply([], {}, 0.1)).toThrow("the optimizer has been disposed. Make a new one.");
    });
  });
});
