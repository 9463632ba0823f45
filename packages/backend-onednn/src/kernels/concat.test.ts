import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { compareWithCpu, values } from "../testing.js";

for (const dtype of ["float32", "int32", "bool"] as const) {
  describe(`Concat, Pack and PadV2 of ${dtype}`, () => {
    it("join along every axis as cpu does, empty operands among them", async () => {
      for (const axis of [0, 1, 2, 3, -1]) {
        const at = axis < 0 ? 3 : axis;
        const operands = () =>
          [3, 1, 0, 17].map((n, i) =>
            values(
              [5, 21, 13, 7].map((size, d) => (d === at ? n : size)),
              dtype,
              i,
            ),
          );
        await compareWithCpu(operands, (xs) => [tf.concat(xs, axis)], 0);
      }
      const many = () => Array.from({ length: 200 }, (_, i) => values([37, (i % 3) + 1], dtype, i));
      await compareWithCpu(many, (xs) => [tf.concat(xs, 1)], 0);
      const one = () => [values([4, 3], dtype, 1), values([4, 0], dtype, 2)];
      await compareWithCpu(one, (xs) => [tf.concat(xs, 1), tf.concat([xs[1]!, xs[1]!], 1)], 0);
    });

    it("stack along every axis as cpu does", async () => {
      const operands = () => [1, 2, 3, 4, 5].map((seed) => values([61, 9, 33], dtype, seed));
      for (const axis of [0, 1, 2, 3, -1]) await compareWithCpu(operands, (xs) => [tf.stack(xs, axis)], 0);
      const six = () => [1, 2].map((seed) => values([2, 3, 1, 2, 3, 2], dtype, seed));
      await compareWithCpu(six, (xs) => [tf.stack(xs, 3), tf.stack(xs.slice(0, 1), 2)], 0);
    });

    it("pad every combination of dimensions as cpu does", async () => {
      const cases: [number[], [number, number][], number][] = [
        [
          [7, 33, 31, 5],
          [
            [0, 0],
            [3, 2],
            [1, 4],
            [0, 0],
          ],
          0,
        ],
        [
          [7, 33, 31, 5],
          [
            [1, 0],
            [0, 0],
            [0, 0],
            [0, 2],
          ],
          1,
        ],
        [
          [7, 33, 31, 5],
          [
            [0, 0],
            [0, 0],
            [2, 2],
            [0, 0],
          ],
          0,
        ],
        [
          [7, 33, 31, 5],
          [
            [0, 0],
            [0, 0],
            [0, 0],
            [0, 0],
          ],
          1,
        ],
        [[100_003], [[5, 70_000]], 1],
        [
          [3, 0, 2],
          [
            [1, 1],
            [2, 1],
            [0, 1],
          ],
          1,
        ],
        [
          [2, 3, 2, 3, 2, 2],
          [
            [1, 0],
            [0, 1],
            [1, 1],
            [0, 0],
            [2, 0],
            [0, 1],
          ],
          0,
        ],
      ];
      for (const [shape, paddings, value] of cases) {
        await compareWithCpu(
          () => [values(shape, dtype, 9)],
          ([x]) => [tf.pad(x!, paddings, value)],
          0,
        );
      }
    });
  });
}

describe("operands of Concat, Pack, PadV2, AddN", () => {
  it("may be padded with any number", async () => {
    await tf.setBackend("onednn");
    const x = tf.tensor1d([1, 2]);
    expect([...tf.pad1d(x, [1, 0], Number.NaN).dataSync()]).toEqual([Number.NaN, 1, 2]);
    expect([...tf.pad1d(x, [0, 1], -2.5).dataSync()]).toEqual([1, 2, -2.5]);
    expect([...tf.pad1d(tf.cast(x, "int32"), [1, 0], -7).dataSync()]).toEqual([-7, 1, 2]);
  });

  it("must have one shape where they are stacked", async () => {
    await tf.setBackend("onednn");
    expect(() => tf.stack([tf.ones([2, 3]), tf.ones([3, 2])])).toThrow(/matching shapes/);
  });

  it("are added in order", async () => {
    const floats = () => [1, 2, 3, 4, 5].map((seed) => values([101, 333], "float32", seed));
    await compareWithCpu(floats, (xs) => [tf.addN(xs), tf.addN(xs.slice(0, 1))], 0);
    const ints = () => [1, 2, 3].map((seed) => values([1001, 33], "int32", seed));
    await compareWithCpu(ints, (xs) => [tf.addN(xs)], 0);
    await compareWithCpu(
      () => [values([0, 3], "float32", 1), values([0, 3], "float32", 2)],
      (xs) => [tf.addN(xs)],
      0,
    );
  });
});
