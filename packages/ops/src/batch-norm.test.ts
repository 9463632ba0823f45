import "@simclr/ops/register";
import { Random } from "@simclr/core";
import { expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { batchNorm, batchNormInference } from "./batch-norm.js";

const ROWS = 12;
const CHANNELS = 3;
const SHAPE: [number, number, number, number] = [2, 3, 2, CHANNELS];

type Input = "x" | "gamma" | "beta" | "residual" | "mean" | "variance";
type Inputs = Record<Input, number[]>;

function draw(): Inputs {
  const random = Random.fromSeed(11);
  const normals = (name: string, count: number): number[] => {
    const stream = random.fork(name);
    return Array.from({ length: count }, () => Math.fround(stream.normal()));
  };
  return {
    x: normals("x", ROWS * CHANNELS).map((value) => Math.fround(3 * value + 2)),
    gamma: normals("gamma", CHANNELS),
    beta: normals("beta", CHANNELS),
    residual: normals("residual", ROWS * CHANNELS),
    mean: normals("mean", CHANNELS),
    variance: normals("variance", CHANNELS).map((value) => Math.fround(0.5 + value * value)),
  };
}

interface Case {
  readonly activation: "none" | "relu";
  readonly residual: boolean;
  readonly training: boolean;
}

/** The formulas of the paper, in float64. */
function plain({ x, gamma, beta, residual, ...given }: Inputs, options: Case) {
  const channel = (c: number) => x.filter((_, i) => i % CHANNELS === c);
  const average = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const all = [...Array(CHANNELS).keys()];
  const mean = options.training ? all.map((c) => average(channel(c))) : given.mean;
  const variance = options.training
    ? all.map((c) => average(channel(c).map((v) => (v - mean[c]!) ** 2)))
    : given.variance;
  const y = x.map((value, i) => {
    const c = i % CHANNELS;
    const normalised = (gamma[c]! * (value - mean[c]!)) / Math.sqrt(variance[c]! + 1e-5) + beta[c]!;
    const sum = options.residual ? normalised + residual[i]! : normalised;
    return options.activation === "relu" ? Math.max(sum, 0) : sum;
  });
  return { y, mean, variance };
}

const weight = (i: number): number => Math.sin(1 + 1.7 * i); // the loss is sum(weight * y)

function numericalGradient(inputs: Inputs, name: Input, options: Case): number[] {
  const loss = (moved: Inputs) => plain(moved, options).y.reduce((sum, y, i) => sum + weight(i) * y, 0);
  return inputs[name].map((_, i) => {
    const at = (delta: number) => loss({ ...inputs, [name]: inputs[name].with(i, inputs[name][i]! + delta) });
    return (at(1e-6) - at(-1e-6)) / 2e-6;
  });
}

const cases: Case[] = [true, false].flatMap((training) =>
  [true, false].flatMap((residual) =>
    (["none", "relu"] as const).map((activation) => ({ training, residual, activation })),
  ),
);

describe("batchNorm and batchNormInference on cpu", () => {
  beforeAll(() => tf.setBackend("cpu"));
  const inputs = draw();
  const tensors = () => ({
    x: tf.tensor4d(inputs.x, SHAPE),
    residual: tf.tensor4d(inputs.residual, SHAPE),
    gamma: tf.tensor1d(inputs.gamma),
    beta: tf.tensor1d(inputs.beta),
    mean: tf.tensor1d(inputs.mean),
    variance: tf.tensor1d(inputs.variance),
  });

  it.each(cases)("gives the values and gradients of the formula with %o", (options) => {
    const names: Input[] = ["x", "gamma", "beta"];
    if (options.residual) names.push("residual");
    if (!options.training) names.push("mean", "variance");
    const t = tensors();
    const forward = (...values: tf.Tensor[]): tf.Tensor => {
      const given = { ...t, ...Object.fromEntries(names.map((name, i) => [name, values[i]!])) } as typeof t;
      const { x, gamma, beta, mean, variance } = given;
      const settings = { activation: options.activation, residual: options.residual ? given.residual : undefined };
      if (options.training) return batchNorm(x, gamma, beta, settings).y;
      return batchNormInference(x, gamma, beta, mean, variance, settings);
    };
    const arguments_ = names.map((name) => t[name]);
    const expected = plain(inputs, options);
    expectClose(forward(...arguments_), expected.y, { atol: 2e-6 }); // values up to 5: a few float32 ulps
    if (options.training) {
      const { mean, variance } = batchNorm(t.x, t.gamma, t.beta);
      expectClose(mean, expected.mean, { atol: 1e-6 });
      expectClose(variance, expected.variance, { rtol: 1e-6 });
    }
    const weights = tf.tensor4d(
      inputs.x.map((_, i) => weight(i)),
      SHAPE,
    );
    const gradients = tf.grads((...values) => tf.sum(tf.mul(weights, forward(...values))))(arguments_);
    // gradients are of order 1; float32 sums of 12 terms and a float64 central difference leave about 1e-6
    for (const [i, name] of names.entries())
      expectClose(gradients[i]!, numericalGradient(inputs, name, options), { atol: 5e-6, rtol: 5e-6 });
  });

  it("keeps its precision where the mean is far from zero", () => {
    const shifted = { ...inputs, x: inputs.x.map((value) => Math.fround(value + 300)) };
    const { y } = batchNorm(tf.tensor4d(shifted.x, SHAPE), tf.tensor1d(shifted.gamma), tf.tensor1d(shifted.beta));
    const expected = plain(shifted, { training: true, residual: false, activation: "none" }).y;
    expectClose(y, expected, { atol: 1e-4 }); // half an ulp of the mean, 1.5e-5, over deviations near 3, times gamma
  });

  it("takes rank 2, where the statistics are those of the columns", () => {
    const columns = tf.tensor2d([1, -4, 3, 4], [2, 2]);
    const { y, mean, variance } = batchNorm(columns, tf.ones([2]), tf.zeros([2]));
    expectClose(mean, [2, 0], { atol: 0 });
    expectClose(variance, [1, 16], { atol: 0 });
    expectClose(y, [-1, -1, 1, 1], { atol: 1e-5 }); // 1 / sqrt(1 + epsilon)
  });

  it("leaves only its results in memory, with and without gradients", () => {
    const { x, gamma, beta, residual, mean, variance } = tensors();
    const options = { activation: "relu", residual } as const;
    expectNewTensors(3, () => ({ ...batchNorm(x, gamma, beta, options) }));
    expectNewTensors(1, () => batchNormInference(x, gamma, beta, mean, variance, options));
    expectNewTensors(4, () =>
      tf.grads((x, gamma, beta, residual) => tf.sum(batchNorm(x, gamma, beta, { activation: "relu", residual }).y))([
        x,
        gamma,
        beta,
        residual,
      ]),
    );
  });

  it("refuses tensors that do not fit, by name", () => {
    const { x, gamma, beta } = tensors();
    expect(() => batchNorm(x, tf.ones([2]), beta)).toThrow(
      "batchNorm: `gamma` must have shape [3]; received [2]. It holds one number for each channel of `x`.",
    );
    expect(() => batchNorm(gamma, gamma, beta)).toThrow(
      "batchNorm: `x` must have rank 2 or more, [..., C]; received [3].",
    );
    expect(() => batchNorm(x, gamma, beta, { residual: gamma })).toThrow(
      "batchNorm: `residual` must have shape [2, 3, 2, 3], like `x`; received [3].",
    );
    expect(() => batchNormInference(x, gamma, beta, gamma, gamma, { epsilon: 0 })).toThrow(
      "batchNormInference: `epsilon` must be a finite number > 0; received 0.",
    );
  });
});
