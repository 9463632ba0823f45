import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import {
  checkGradient,
  describeBackends,
  expectClose,
  expectCloseToLargest,
  expectNewTensors,
} from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { l2Normalize, l2NormalizeGradient } from "./l2-normalize.js";

const noise = (shape: [number, number], seed: number) => tf.randomNormal<tf.Rank.R2>(shape, 0, 1, "float32", seed);

describeBackends(["cpu", "onednn"], () => {
  describe("l2Normalize", () => {
    it("divides rows by their length, and short ones by 1e-6", () => {
      const x = tf.tensor2d([3, -4, 1e-7, 0, 0, 0], [3, 2]);
      expectClose(l2Normalize(x), [0.6, -0.8, 0.1, 0, 0, 0], { rtol: 1e-6 });
    });

    it("has the gradient of its definition: what goes along a row is taken out, and short rows are divided by 1e-6", () => {
      const x = tf.tensor2d([3, -4, 1e-7, 0], [2, 2]);
      const dy = tf.tensor2d([1, 0, 2, 3], [2, 2]);
      // (dy - u (u · dy)) / 5 with u = (0.6, -0.8): (1 - 0.36, 0.48) / 5
      expectClose(l2NormalizeGradient(x, dy), [0.128, 0.096, 2e6, 3e6], { rtol: 1e-6 });
    });

    it("has the gradient that central differences give", () => {
      const weights = noise([3, 5], 2);
      const check = { step: 1e-2, atol: 1e-3, rtol: 1e-3 }; // truncation is of the order of step²
      checkGradient((x: tf.Tensor2D) => tf.sum(tf.mul(weights, l2Normalize(x))), noise([3, 5], 1), check);
    });

    it("passes NaN on, in its row alone", () => {
      const values = l2Normalize(tf.tensor2d([1, Number.NaN, 0, 2], [2, 2])).dataSync();
      expect([...values]).toEqual([Number.NaN, Number.NaN, 0, 1]);
    });

    it("leaves only its result in memory, and takes no rows", () => {
      const x = noise([3, 5], 1);
      expectNewTensors(1, () => l2Normalize(x));
      expectNewTensors(1, () => l2NormalizeGradient(x, x));
      expect(l2Normalize(tf.zeros([0, 4])).shape).toEqual([0, 4]);
    });

    it("refuses shapes that do not fit", () => {
      expect(() => l2Normalize(tf.zeros([4]) as unknown as tf.Tensor2D)).toThrow(
        "l2Normalize: `x` must have shape [any, any]; received [4].",
      );
      expect(() => l2NormalizeGradient(tf.zeros([4, 3]), tf.zeros([4, 2]))).toThrow(
        "l2NormalizeGradient: `dy` must have shape [4, 3], like `x`; received [4, 2].",
      );
    });
  });
});

describe("on onednn as on cpu", () => {
  it("normalises 512 rows of 128, and has the same gradient", async () => {
    const on = async (backend: string) => {
      await tf.setBackend(backend);
      return tf.tidy(() => {
        const [x, dy] = [noise([512, 128], 1), noise([512, 128], 2)];
        return [l2Normalize(x), l2NormalizeGradient(x, dy)].map((result) => result.dataSync());
      });
    };
    const expected = await on("cpu");
    const actual = await on("onednn");
    // cpu sums squares in float32, one after the other: 1e-7 times the root of their number.
    for (const [i, values] of expected.entries()) expectCloseToLargest(actual[i]!, values, 5e-6);
  });
});
