import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { barlowTwins } from "./barlow-twins.js";

const FIRST = [
  [1, 2, 3],
  [-1, 0.5, 2],
  [0.5, 0.5, -1],
  [2, -1, 0],
];
const SECOND = [
  [1.5, 1.8, 2.5],
  [-0.8, 0.9, 1.5],
  [0.2, 0.9, -1.2],
  [1, -1, 1],
];

/** Eq. 1 of the paper in plain numbers, with Pearson correlations. */
function inPlainNumbers(lambda: number): number {
  const column = (rows: number[][], j: number): number[] => {
    const values = rows.map((row) => row[j]!);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  let total = 0;
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const [a, b] = [column(FIRST, i), column(SECOND, j)];
      const correlation = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
      total += i === j ? (1 - correlation) ** 2 : lambda * correlation ** 2;
    }
  return total;
}

describeBackends(["cpu", "onednn"], () => {
  describe("barlowTwins", () => {
    it.each([0, 0.005, 1])("is Eq. 1 of the paper with weight %d", (redundancyWeight) => {
      const loss = barlowTwins(tf.tensor2d(FIRST), tf.tensor2d(SECOND), { redundancyWeight });
      expectClose(loss, inPlainNumbers(redundancyWeight), { rtol: 2e-4 }); // 1e-5 is added to variances near 1
    });

    it("is 0 for two equal views whose columns are uncorrelated", () => {
      const z = tf.tensor2d([1, 1, 1, -1, -1, 1, -1, -1], [4, 2]);
      expectClose(barlowTwins(z, z, { redundancyWeight: 1 }), 0, { atol: 1e-8 });
    });

    it("is D + λ·(D² - D) for columns that are copies of one another, in opposite views", () => {
      const column = tf.tensor2d([1, -1, 1, -1], [4, 1]);
      const z = tf.tile(column, [1, 3]) as tf.Tensor2D; // D = 3; correlations are -1, so the diagonal costs 4 each
      const loss = barlowTwins(z, tf.neg(z), { redundancyWeight: 0.5 });
      expectClose(loss, 3 * 4 + 0.5 * 6, { rtol: 1e-4 });
    });

    it("does not change when columns are shifted and scaled", () => {
      const [z1, z2] = [tf.tensor2d(FIRST), tf.tensor2d(SECOND)];
      const moved = tf.add(tf.mul(z1, [2, 3, 10]), [5, -7, 1]) as tf.Tensor2D;
      expectClose(barlowTwins(moved, z2), barlowTwins(z1, z2), { rtol: 1e-4 }); // 1e-5 beside variances of 1 to 100
    });

    it("counts a constant column as uncorrelated, and stays finite", () => {
      const z = tf.tensor2d([1, 5, -1, 5], [2, 2]);
      expectClose(barlowTwins(z, z), 1, { atol: 1e-4 }); // the constant column has correlation 0, not 1
    });

    it("refuses one image alone and a negative weight", () => {
      expect(() => barlowTwins(tf.zeros([1, 3]), tf.zeros([1, 3]))).toThrow(
        "barlowTwins: `z1` must have at least 2 rows and 1 column; received [1, 3]. A correlation needs several images; " +
          "use a larger batch.",
      );
      expect(() => barlowTwins(tf.tensor2d(FIRST), tf.tensor2d(SECOND), { redundancyWeight: -1 })).toThrow(
        "barlowTwins: `redundancyWeight` must be in [0, ",
      );
    });
  });
});
