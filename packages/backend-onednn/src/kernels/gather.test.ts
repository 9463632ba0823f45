import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { compareWithCpu, expectNear, values } from "../testing.js";

/** Indices below `size` from a seed. */
const indices = (shape: number[], size: number, seed: number): tf.Tensor =>
  tf.tidy(() => tf.randomUniform(shape, 0, size, "int32", seed));

describe("GatherV2", () => {
  for (const dtype of ["float32", "int32", "bool"] as const) {
    it(`is that of cpu for ${dtype}, every axis and batch dimensions`, async () => {
      const shape = [6, 17, 33, 5];
      for (const [axis, size] of shape.entries()) {
        const operands = () => [values(shape, dtype, 1), indices([4, 29], size, axis + 1)];
        await compareWithCpu(operands, ([x, i]) => [tf.gather(x!, i!, axis)], 0);
      }
      for (const [axis, batchDims] of [
        [1, 1],
        [2, 1],
        [2, 2],
        [3, 2],
      ] as const) {
        const operands = () => [values(shape, dtype, 2), indices([6, 17, 3].slice(0, batchDims + 1), shape[axis]!, 7)];
        await compareWithCpu(operands, ([x, i]) => [tf.gather(x!, i!, axis, batchDims)], 0);
      }
      const flat = () => [
        values([70_001], dtype, 3),
        indices([100_003], 70_001, 8),
        indices([0], 3, 9),
        indices([], 9, 1),
      ];
      await compareWithCpu(flat, ([x, i, none, one]) => [i!, none!, one!].map((at) => tf.gather(x!, at)), 0);
    });
  }

  it("throws at once for an index that is not there", async () => {
    await tf.setBackend("onednn");
    const x = tf.ones([2, 3]);
    expect(() => tf.gather(x, tf.tensor1d([0, 100], "int32"))).toThrow(
      "GatherV2: the index value 100 is not in [0, 1]",
    );
    expect(() => tf.gather(x, tf.tensor1d([-1], "int32"), 1)).toThrow("GatherV2: the index value -1 is not in [0, 2]");
  });
});

describe("OneHot", () => {
  it("is that of cpu for every dtype, with indices outside", async () => {
    for (const dtype of ["float32", "int32", "bool"] as const) {
      await compareWithCpu(
        () => [indices([311, 7], 130, 1)],
        ([i]) => [tf.oneHot(i!, 120, 1, 0, dtype)],
        0,
      );
    }
    const outside = () => [tf.tensor1d([-1, 0, 4, 5, 2], "int32"), tf.zeros([0], "int32")];
    await compareWithCpu(outside, ([i, none]) => [tf.oneHot(i!, 5, 2.5, -0.5, "float32"), tf.oneHot(none!, 3)], 0);
  });
});

describe("UnsortedSegmentSum", () => {
  it("is the plain loop in float64, negative and unused ids among them", async () => {
    await tf.setBackend("onednn");
    for (const [rows, slice, segments] of [
      [5003, [3, 7], 41],
      [257, [], 9],
      [90, [513], 1],
      [12, [5], 40],
    ] as const) {
      const x = values([rows, ...slice], "float32", 1);
      const ids = tf.sub(indices([rows], segments + 3, 2), tf.scalar(1, "int32")) as tf.Tensor1D;
      const width = slice.reduce((a: number, b) => a * b, 1);
      const expected = new Float64Array(segments * width);
      const [data, at] = [x.dataSync(), ids.dataSync()];
      for (let r = 0; r < rows; r++) {
        const segment = at[r]!;
        if (segment < 0 || segment >= segments) continue;
        for (let i = 0; i < width; i++) expected[segment * width + i]! += data[r * width + i]!;
      }
      const y = tf.unsortedSegmentSum(x, ids, segments);
      expect(y.shape).toEqual([segments, ...slice]);
      expectNear(y.dataSync(), expected, 2e-6, "sums"); // float32 sums of up to 120 values near 1
    }
  });

  it("makes the gradient of a gather", async () => {
    await compareWithCpu(
      () => [values([33, 65], "float32", 3), indices([40], 33, 4)],
      ([x, i]) => [tf.unsortedSegmentSum(tf.gather(x!, i!), i as tf.Tensor1D, 33)],
      1e-6,
    );
  });
});
