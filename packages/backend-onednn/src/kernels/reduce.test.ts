import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { compareWithCpu, normal, values } from "../testing.js";

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
    const numbers = x.dataSync();
    const columns = new Float64Array(7);
    for (let i = 0; i < numbers.length; i++) columns[i % 7]! += numbers[i]!;
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

  it("multiplies as cpu does, bools and int32 as integers", async () => {
    await compareWithCpu(
      () => [normal([7, 33, 5], 5), values([4, 6], "int32", 1), values([9, 3], "bool", 2), tf.zeros([3, 0])],
      ([x, i, b, empty]) => [
        ...[tf.prod(x!, 1), tf.prod(x!, [0, 2], true), tf.prod(x!, 2)],
        ...[tf.prod(tf.cast(tf.mod(i!, tf.scalar(9, "int32")), "int32"), 1), tf.prod(b!, 0), tf.prod(empty!, 1)],
      ],
      1e-5,
    );
  });

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("adds and multiplies up along an axis, exclusive %s, reverse %s", async (exclusive, reverse) => {
    await compareWithCpu(
      () => [normal([3, 513, 5], 7), values([11, 17], "int32", 3)],
      ([x, i]) => [
        ...[tf.cumsum(x!, 1, exclusive, reverse), tf.cumsum(x!, 2, exclusive, reverse)],
        ...[tf.cumprod(x!, 2, exclusive, reverse), tf.cumprod(x!, 0, exclusive, reverse)],
        ...[tf.cumsum(i!, 1, exclusive, reverse), tf.cumsum(i!, 0, exclusive, reverse)],
      ],
      1e-5,
    );
  });

  it("finds the largest k in order, ties by index, for every k", async () => {
    await tf.setBackend("onednn");
    const width = 257;
    const x = tf.tidy(() => tf.round(tf.mul(normal([19, width], 8), 20))); // many ties
    const rows = x.arraySync() as number[][];
    expect(tf.topk(x, 0).indices.shape).toEqual([19, 0]);
    for (const k of [1, 2, 65, 256, 257]) {
      const { values: v, indices } = tf.topk(x, k);
      const order = rows.map((row) => row.map((_, i) => i).sort((a, b) => row[b]! - row[a]! || a - b));
      expect(indices.arraySync()).toEqual(order.map((o) => o.slice(0, k)));
      expect(v.arraySync()).toEqual(order.map((o, r) => o.slice(0, k).map((i) => rows[r]![i])));
    }
    const { values: v, indices } = tf.topk(tf.tensor1d([3, 2 ** 24 + 1, -1, 2 ** 24], "int32"), 2);
    expect([v.dtype, ...v.dataSync(), ...indices.dataSync()]).toEqual(["int32", 2 ** 24 + 1, 2 ** 24, 1, 3]);
  });

  it("puts NaN before every number in topk, so that it is seen", async () => {
    await tf.setBackend("onednn");
    const { indices } = tf.topk(tf.tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, 2]), 4);
    expect([...indices.dataSync()]).toEqual([1, 3, 2, 4]);
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
