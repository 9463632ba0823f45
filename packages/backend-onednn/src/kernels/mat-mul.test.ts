import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerOnednnBackend } from "../register-backend.js";
import { compareWithCpu, normal } from "../testing.js";

beforeAll(() => registerOnednnBackend());

const CASES: { a: number[]; b: number[]; transposeA?: boolean; transposeB?: boolean }[] = [
  { a: [130, 67], b: [67, 45] },
  { a: [67, 130], b: [67, 45], transposeA: true },
  { a: [130, 67], b: [45, 67], transposeB: true },
  { a: [67, 130], b: [45, 67], transposeA: true, transposeB: true },
  { a: [3, 20, 31], b: [3, 31, 9] },
  { a: [5, 1, 7, 13], b: [1, 4, 11, 13], transposeB: true },
  { a: [6, 33], b: [2, 33, 8] },
  { a: [1, 1], b: [1, 300] },
];

describe.each(CASES)("matMul %j", ({ a, b, transposeA = false, transposeB = false }) => {
  it("agrees with the cpu backend, one product at a time", async () => {
    // cpu does not broadcast every batch correctly, so it gets operands that are already broadcast.
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.slice(0, -2), b.slice(0, -2));
    await compareWithCpu(
      () => [normal(a, 1), normal(b, 2)],
      ([x, y]) => {
        const full = (t: tf.Tensor) =>
          tf.getBackend() === "cpu" ? tf.broadcastTo(t, [...batch, ...t.shape.slice(-2)]) : t;
        return [tf.matMul(full(x!), full(y!), transposeA, transposeB)];
      },
    );
  });
});

describe("fused", () => {
  it.each(["linear", "relu", "elu", "leakyrelu"] as const)("adds the bias and applies %s", async (activation) => {
    await compareWithCpu(
      () => [normal([33, 20], 1), normal([20, 17], 2), normal([17], 3)],
      ([a, b, bias]) => [tf.fused.matMul({ a: a!, b: b!, bias: bias!, activation, leakyreluAlpha: 0.3 })],
    );
    await compareWithCpu(
      () => [normal([2, 9, 9, 5], 1), normal([3, 3, 5, 17], 2), normal([17], 3)],
      ([x, filter, bias]) => [
        tf.fused.conv2d({
          x: x as tf.Tensor4D,
          filter: filter as tf.Tensor4D,
          strides: 1,
          pad: "same",
          bias: bias!,
          activation,
          leakyreluAlpha: 0.3,
        }),
      ],
    );
  });
});

it("gives zeros, or the bias, where there is nothing to add up", async () => {
  await tf.setBackend("onednn");
  expect(Array.from(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2])).dataSync())).toEqual([0, 0, 0, 0]);
  const bias = tf.tensor1d([1, 2]);
  expect(Array.from(tf.fused.matMul({ a: tf.zeros([2, 0]), b: tf.zeros([0, 2]), bias }).dataSync())).toEqual([
    1, 2, 1, 2,
  ]);
  expect(tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])).shape).toEqual([0, 2]);
});

it("says which inner sizes do not match", async () => {
  await tf.setBackend("onednn");
  expect(() => tf.matMul(tf.zeros([2, 3]), tf.zeros([2, 3]))).toThrow(/inner shapes \(3\) and \(2\)/);
});
