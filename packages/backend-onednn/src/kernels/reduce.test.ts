import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { compareWithCpu, normal } from "../testing.js";

const SHAPE = [5, 33, 17, 29];
const AXES = [undefined, [0], [3], [1], [0, 1, 2], [1, 2], [0, 2], [1, 3], [0, 1, 2, 3], [2, 3], [0, 3]];
const REDUCTIONS: Record<string, (x: tf.Tensor, axis: number[] | undefined, keepDims: boolean) => tf.Tensor> = {
  sum: tf.sum,
  mean: tf.mean,
  max: tf.max,
  min: tf.min,
};

describe("reductions", () => {
  for (const [name, f] of Object.entries(REDUCTIONS)) {
    it(`${name} is that of cpu over every kind of axes`, async () => {
      for (const [i, axis] of AXES.entries())
        await compareWithCpu(
          () => [normal(SHAPE, 1)],
          ([x]) => [f(x!, axis, i % 2 === 0)],
          1e-5,
        );
    });
  }

  it("sums long rows and many rows as float64 does", async () => {
    await tf.setBackend("onednn");
    const x = normal([200_003, 7], 2);
    const values = x.dataSync();
    const columns = new Float64Array(7);
    for (let i = 0; i < values.length; i++) columns[i % 7]! += values[i]!;
    const actual = tf.sum(x, 0).dataSync();
    for (let j = 0; j < 7; j++)
      expect(Math.abs(actual[j]! - columns[j]!)).toBeLessThan(1e-5 * Math.abs(columns[j]!) + 1e-4);
    const total = columns.reduce((a, b) => a + b);
    expect(Math.abs(tf.sum(x).dataSync()[0]! - total)).toBeLessThan(1e-5 * Math.abs(total) + 1e-4);
  });

  it("carries NaN through, sums int32 exactly, and knows all and any", async () => {
    const odd = () => [tf.tensor2d([1, Number.NaN, 3, 4, 5, 6], [2, 3])];
    await compareWithCpu(odd, ([x]) => [tf.sum(x!, 1), tf.mean(x!, 0), tf.max(x!, 1), tf.min(x!, 0), tf.max(x!)], 1e-6);
    await compareWithCpu(
      () => [tf.tensor1d([2 ** 25, 1, 2], "int32")],
      ([x]) => [tf.sum(x!)],
      0,
    );
    const flags = () => [tf.tensor2d([1, 1, 0, 0, 0, 0], [3, 2], "bool")];
    await compareWithCpu(flags, ([x]) => [tf.all(x!, 1), tf.any(x!, 1), tf.all(x!), tf.any(x!, 0)], 0);
  });

  it("finds the first largest and smallest", async () => {
    await compareWithCpu(
      () => [normal([41, 13, 7], 3)],
      ([x]) => [tf.argMax(x!, 2), tf.argMax(x!, 1), tf.argMin(x!, 0)],
      0,
    );
    await compareWithCpu(
      () => [tf.tensor1d([1, 7, 7, Number.NaN, 2])],
      ([x]) => [tf.argMax(x!), tf.argMin(x!)],
      0,
    );
  });

  it("softmaxes rows, extreme ones included", async () => {
    await compareWithCpu(
      () => [normal([300, 129], 4)],
      ([x]) => [tf.softmax(x!)],
      1e-6,
    );
    await compareWithCpu(
      () => [tf.tensor2d([1e4, -1e4, 0, -1e9, 1, 1], [2, 3])],
      ([x]) => [tf.softmax(x!)],
      1e-6,
    );
  });
});
