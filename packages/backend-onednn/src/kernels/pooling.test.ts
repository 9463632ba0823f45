import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerOnednnBackend } from "../register-backend.js";
import { compareWithCpu, normal } from "../testing.js";

beforeAll(() => registerOnednnBackend());

const CASES = [
  { x: [2, 17, 13, 19], filterSize: 3, strides: 2, pad: "same" },
  { x: [3, 16, 16, 64], filterSize: 2, strides: 2, pad: "valid" },
  { x: [1, 9, 20, 5], filterSize: [3, 4], strides: [1, 3], pad: "same" },
  { x: [2, 8, 8, 33], filterSize: 8, strides: 1, pad: "valid" },
  { x: [1, 11, 12, 16], filterSize: 3, strides: 2, pad: 1 },
  { x: [2, 2, 2, 3], filterSize: 1, strides: 2, pad: 1 }, // the identity, says tfjs
];

describe.each(CASES)("pooling %j", ({ x, ...options }) => {
  const attrs = options as unknown as tf.NamedAttrMap;
  const run = (name: string, inputs: object) =>
    tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs) as tf.Tensor;

  it.each(["MaxPool", "AvgPool"])("%s and its gradient agree with the cpu backend", async (name) => {
    await compareWithCpu(
      () => [normal(x, 1)],
      ([input]) => {
        const output = run(name, { x: input });
        const dy = normal(output.shape, 2);
        return [output, run(`${name}Grad`, { dy, input, output })];
      },
    );
  });
});

it("ignores NaN in the maximum and keeps it in the mean", async () => {
  await tf.setBackend("onednn");
  const x = tf.tensor4d([1, Number.NaN, -2, -3], [1, 2, 2, 1]);
  expect(tf.maxPool(x, 2, 2, "valid").dataSync()[0]).toBe(1);
  expect(tf.avgPool(x, 2, 2, "valid").dataSync()[0]).toBeNaN();
});

it("sends each gradient to the first of equal maxima", async () => {
  await tf.setBackend("onednn");
  const input = tf.tensor4d([2, 2, 2, 2], [1, 2, 2, 1]);
  const attrs = { filterSize: 2, strides: 2, pad: "valid" } as unknown as tf.NamedAttrMap;
  const dx = tf.engine().runKernel("MaxPoolGrad", { dy: tf.ones([1, 1, 1, 1]), input, output: input }, attrs);
  expect(Array.from((dx as tf.Tensor).dataSync())).toEqual([1, 0, 0, 0]);
});
