import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerOnednnBackend } from "../register-backend.js";
import { expectNear, normal } from "../testing.js";

beforeAll(async () => {
  registerOnednnBackend();
  await tf.setBackend("onednn");
});

function run(name: string, inputs: object, attrs: object): number[][] {
  const outputs = tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs as tf.NamedAttrMap);
  const list = (Array.isArray(outputs) ? outputs : [outputs]) as unknown as tf.Tensor[];
  const values = list.map((t) => Array.from(t.dataSync()));
  tf.dispose(list);
  return values;
}

interface Operands {
  x: tf.Tensor;
  gamma: tf.Tensor;
  beta: tf.Tensor;
  residual: tf.Tensor;
}

/** The definition, in double precision. */
function reference({ x, gamma, beta, residual }: Operands, relu: boolean, withResidual: boolean) {
  const [X, g, b, R] = [x, gamma, beta, residual].map((t) => t.dataSync()) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const C = g.length;
  const M = X.length / C;
  const mean = new Float64Array(C);
  const variance = new Float64Array(C);
  for (let i = 0; i < X.length; i++) mean[i % C]! += X[i]! / M;
  for (let i = 0; i < X.length; i++) variance[i % C]! += (X[i]! - mean[i % C]!) ** 2 / M;
  const y = Array.from(X, (v, i) => {
    const c = i % C;
    const sum = (g[c]! * (v - mean[c]!)) / Math.sqrt(variance[c]! + 1e-5) + b[c]! + (withResidual ? R[i]! : 0);
    return relu ? Math.max(sum, 0) : sum;
  });
  return { y, mean, variance, X, g, C, M };
}

const CASES = [
  { shape: [3, 17, 13, 19], activation: "relu", residual: true },
  { shape: [8, 16, 16, 64], activation: "relu", residual: false },
  { shape: [130, 45], activation: "none", residual: false },
  { shape: [2, 40, 41, 3], activation: "none", residual: true },
  // Rows of whole vectors, of one strip and of strips and a rest; some blocks of rows are not full.
  { shape: [5, 7, 80], activation: "relu", residual: true },
  { shape: [37, 4, 16], activation: "none", residual: false },
  { shape: [3, 9, 32], activation: "none", residual: true },
];

describe.each(CASES)("batch norm %j", ({ shape, activation, residual: withResidual }) => {
  const relu = activation === "relu";
  const C = shape.at(-1)!;
  const operands = (): Operands => ({
    x: tf.add(tf.mul(normal(shape, 1), 0.5), 30), // far from 0: sums of squares would lose half the digits
    gamma: normal([C], 2),
    beta: normal([C], 3),
    residual: normal(shape, 4),
  });

  it("is the definition, for the batch's own statistics and for given ones", () => {
    const t = operands();
    const { residual, ...rest } = t;
    const expected = reference(t, relu, withResidual);
    const inputs = withResidual ? t : rest;
    const [y, mean, variance] = run("SimclrBatchNorm", inputs, { epsilon: 1e-5, activation });
    expectNear(mean!, expected.mean, 1e-6, "mean"); // one rounding
    expectNear(variance!, expected.variance, 1e-5, "variance");
    expectNear(y!, expected.y, 1e-5, "y");
    const statistics = { mean: tf.tensor1d(mean!), variance: tf.tensor1d(variance!) };
    const [again] = run("SimclrBatchNormInference", { ...inputs, ...statistics }, { epsilon: 1e-5, activation });
    expect(again).toEqual(y);
    tf.dispose([t, statistics] as unknown as tf.Tensor[]);
  });

  it("has the gradient of the definition", () => {
    const t = operands();
    const { y, mean, variance, X, g, M } = reference(t, relu, withResidual);
    const dy = normal(shape, 5);
    const DY = dy.dataSync();
    const masked = Array.from(DY, (d, i) => (relu && !(y[i]! > 0) ? 0 : d));
    const normalised = Array.from(X, (v, i) => (v - mean[i % C]!) / Math.sqrt(variance[i % C]! + 1e-5));
    const dbeta = new Float64Array(C);
    const dgamma = new Float64Array(C);
    for (let i = 0; i < X.length; i++) {
      dbeta[i % C]! += masked[i]!;
      dgamma[i % C]! += masked[i]! * normalised[i]!;
    }
    const dx = masked.map((d, i) => {
      const c = i % C;
      return (g[c]! / Math.sqrt(variance[c]! + 1e-5)) * (d - (dbeta[c]! + normalised[i]! * dgamma[c]!) / M);
    });
    const inputs = {
      dy,
      x: t.x,
      y: tf.tensor(y, shape),
      gamma: t.gamma,
      beta: t.beta,
      mean: tf.tensor1d(Float32Array.from(mean)),
      variance: tf.tensor1d(Float32Array.from(variance)),
    };
    const actual = run("SimclrBatchNormGrad", inputs, { epsilon: 1e-5, activation, residual: withResidual });
    expect(actual.length).toBe(withResidual ? 4 : 3);
    // x - mean carries the rounding of a float32 mean near 30: 2e-6 of a deviation of 0.5
    expectNear(actual[0]!, dx, 2e-5, "dx");
    expectNear(actual[1]!, dgamma, 2e-5, "dgamma");
    expectNear(actual[2]!, dbeta, 2e-5, "dbeta");
    if (withResidual) expectNear(actual[3]!, masked, 0, "dresidual");
    tf.dispose([t, inputs] as unknown as tf.Tensor[]);
  });
});

it("measures the variance of rows that are alike but for the first", () => {
  const rows = 70;
  const values = Float32Array.from({ length: rows * 64 }, (_, i) => (i < 64 ? 1000 : (i % 7) / 7));
  const t = { x: tf.tensor2d(values, [rows, 64]), gamma: tf.ones([64]), beta: tf.zeros([64]) };
  const expected = reference({ ...t, residual: t.beta }, false, false);
  const [, mean, variance] = run("SimclrBatchNorm", t, { epsilon: 1e-5, activation: "none" });
  // What the mean's rounding moves y by.
  const shifts = mean!.map((value, c) => Math.abs(value - expected.mean[c]!) / Math.sqrt(expected.variance[c]!));
  expect(Math.max(...shifts)).toBeLessThan(1e-6);
  expectNear(variance!, expected.variance, 1e-5, "variance");
});

// The gradient finds y's sign again from x; it must be the one that the ReLU saw, at every single number.
it.each([
  [4096, 64],
  [998, 19],
  [512, 16],
])("masks the gradient of [%i, %i] where the output is 0, and nowhere else", (rows, channels) => {
  const half = tf.round(normal([rows / 2, channels], 6));
  const x = tf.concat([half, tf.neg(half)]); // its mean is 0, and a third of it lies at the edge of the ReLU
  const inputs = { x, gamma: tf.ones([channels]), beta: tf.zeros([channels]) };
  const attrs = { epsilon: 1e-5, activation: "relu" };
  const [y, mean, variance] = run("SimclrBatchNorm", inputs, attrs);
  const counts = new Float32Array(channels);
  y!.forEach((value, i) => {
    if (value > 0) counts[i % channels]!++;
  });
  const known = { y: tf.tensor(y!, x.shape), mean: tf.tensor1d(mean!), variance: tf.tensor1d(variance!) };
  const [, , dbeta] = run("SimclrBatchNormGrad", { ...inputs, ...known, dy: tf.onesLike(x) }, attrs);
  expect(dbeta).toEqual(Array.from(counts));
});

it("lets NaN through a ReLU", () => {
  const x = tf.tensor2d([1, Number.NaN, 3, 4], [4, 1]);
  const one = tf.ones([1]);
  const [y] = run("SimclrBatchNorm", { x, gamma: one, beta: one }, { epsilon: 1e-5, activation: "relu" });
  expect(y!.every(Number.isNaN)).toBe(true);
});
