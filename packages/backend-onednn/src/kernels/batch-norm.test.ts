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

it("lets NaN through a ReLU", () => {
  const x = tf.tensor2d([1, Number.NaN, 3, 4], [4, 1]);
  const one = tf.ones([1]);
  const [y] = run("SimclrBatchNorm", { x, gamma: one, beta: one }, { epsilon: 1e-5, activation: "relu" });
  expect(y!.every(Number.isNaN)).toBe(true);
});
