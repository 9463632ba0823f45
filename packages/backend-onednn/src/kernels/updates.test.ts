import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { registerOnednnBackend } from "../register-backend.js";
import { expectNear, normal } from "../testing.js";

beforeAll(async () => {
  registerOnednnBackend();
  await tf.setBackend("onednn");
});

type Triple = [param: tf.Tensor, grad: tf.Tensor, velocity: tf.Tensor];

function step(name: string, [param, grad, velocity]: Triple, attrs: object): [tf.Tensor, tf.Tensor] {
  const outputs = tf.engine().runKernel(name, { param, grad, velocity }, attrs as tf.NamedAttrMap);
  return outputs as unknown as [tf.Tensor, tf.Tensor];
}

const LARS = { learningRate: 0.3, momentum: 0.9, weightDecay: 1e-4, trustCoefficient: 1e-3, nesterov: false };

it("follows the reference LARS for three steps", () => {
  const golden = [
    [0.49992498, -0.2498500162, 0.9997749775, 0.7497000137],
    [0.499782473, -0.249565081, 0.999347509, 0.749130117],
    [0.499579271, -0.2491587665, 0.9987379626, 0.7483174581],
  ];
  let param: tf.Tensor = tf.tensor2d([0.5, -0.25, 1, 0.75], [2, 2]);
  let velocity: tf.Tensor = tf.zeros([2, 2]);
  for (const [i, expected] of golden.entries()) {
    const grad = tf.mul(tf.tensor2d([0.1, -0.2, 0.3, 0.4], [2, 2]), i + 1);
    [param, velocity] = step("SimclrLarsUpdate", [param, grad, velocity], { ...LARS, adapt: true });
    expectNear(param.dataSync(), expected, 1e-7, `step ${i + 1}`); // an ulp of float32
  }
});

it("moves excluded parameters with the full rate", () => {
  let param: tf.Tensor = tf.tensor1d([1, 1]);
  let velocity: tf.Tensor = tf.zeros([2]);
  const grad = tf.tensor1d([0.1, -0.2]);
  const attrs = { ...LARS, weightDecay: 0, adapt: false };
  for (const expected of [
    [0.97, 1.06],
    [0.913, 1.174],
  ]) {
    [param, velocity] = step("SimclrLarsUpdate", [param, grad, velocity], attrs);
    expectNear(param.dataSync(), expected, 1e-7, "param");
  }
});

it("has a trust ratio of 1 where a norm is 0", () => {
  const operands: Triple = [tf.zeros([3]), tf.ones([3]), tf.zeros([3])];
  const [param] = step("SimclrLarsUpdate", operands, { ...LARS, adapt: true });
  expectNear(param.dataSync(), [-0.3, -0.3, -0.3], 1e-7, "param");
});

it.each([false, true])("is the definition on large parameters, nesterov %s", (nesterov) => {
  const shape = [70_001];
  const operands: Triple = [normal(shape, 1), normal(shape, 2), normal(shape, 3)];
  const [p, g, v] = operands.map((t) => Float64Array.from(t.dataSync())) as [Float64Array, Float64Array, Float64Array];
  const decayed = g.map((x, i) => x + 1e-4 * p[i]!);
  const norm = (a: Float64Array) => Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));
  const rate = (0.3 * 1e-3 * norm(p)) / norm(decayed);
  const larsV = v.map((x, i) => 0.9 * x + rate * decayed[i]!);
  const larsP = p.map((x, i) => x - (nesterov ? 0.9 * larsV[i]! + rate * decayed[i]! : larsV[i]!));
  const [param, velocity] = step("SimclrLarsUpdate", operands, { ...LARS, nesterov, adapt: true });
  expectNear(velocity.dataSync(), larsV, 1e-6, "LARS velocity");
  expectNear(param.dataSync(), larsP, 1e-6, "LARS param");
  const sgdV = v.map((x, i) => 0.9 * x + decayed[i]!);
  const sgdP = p.map((x, i) => x - 0.3 * (nesterov ? 0.9 * sgdV[i]! + decayed[i]! : sgdV[i]!));
  const [sgdParam, sgdVelocity] = step("SimclrMomentumUpdate", operands, { ...LARS, nesterov });
  expectNear(sgdVelocity.dataSync(), sgdV, 1e-6, "SGD velocity");
  expectNear(sgdParam.dataSync(), sgdP, 1e-6, "SGD param");
});

it("computes the same bits every time", () => {
  const operands: Triple = [normal([50_000], 1), normal([50_000], 2), normal([50_000], 3)];
  const once = () => Array.from(step("SimclrLarsUpdate", operands, { ...LARS, adapt: true })[0].dataSync());
  expect(once()).toEqual(once());
});

it.each([1, 500])("takes the definition's step of AdamW on large parameters, update %i", (update) => {
  const shape = [70_001];
  const [param, grad, firstMoment] = [normal(shape, 1), normal(shape, 2), normal(shape, 3)];
  const secondMoment = tf.square(normal(shape, 4));
  const attrs = { learningRate: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, update };
  const inputs = { param, grad, firstMoment, secondMoment };
  const outputs = tf.engine().runKernel("SimclrAdamWUpdate", inputs, attrs) as unknown as tf.Tensor[];
  const [p, g, m, v] = Object.values(inputs).map((t) => Float64Array.from(t.dataSync())) as Float64Array[];
  const newM = m!.map((x, i) => 0.9 * x + 0.1 * g![i]!);
  const newV = v!.map((x, i) => 0.999 * x + 0.001 * g![i]! ** 2);
  const newP = p!.map((x, i) => {
    const corrected = newM[i]! / (1 - 0.9 ** update);
    return (1 - 0.05 * 0.1) * x - (0.05 * corrected) / (Math.sqrt(newV[i]! / (1 - 0.999 ** update)) + 1e-8);
  });
  expectNear(outputs[1]!.dataSync(), newM, 1e-6, "first moment");
  expectNear(outputs[2]!.dataSync(), newV, 1e-6, "second moment");
  // A corrected moment of the first update is up to 40 times a stored one: its rounding grows with it.
  expectNear(outputs[0]!.dataSync(), newP, update === 1 ? 1e-5 : 1e-6, "param");
});
