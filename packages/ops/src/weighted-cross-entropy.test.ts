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
import { weightedCrossEntropy } from "./weighted-cross-entropy.js";

/** softmax is (1/6, 2/6, 3/6) and (1/2, 1/4, 1/4). */
const LOGITS = [0, Math.log(2), Math.log(3), Math.log(4), Math.log(2), Math.log(2)];
const logits = (): tf.Tensor2D => tf.tensor2d(LOGITS, [2, 3]);
const noise = (shape: [number, number], seed: number) => tf.randomNormal<tf.Rank.R2>(shape, 0, 4, "float32", seed);

describeBackends(["cpu", "onednn"], () => {
  describe("weightedCrossEntropy", () => {
    const targets = () => tf.tensor2d([0, 0, 1, 0.5, 1.5, 0], [2, 3]); // the second row has mass 2
    const weights = () => tf.tensor2d([3, 0.5], [2, 1]);

    it("is the sum of -target · log softmax, by row times its weight", () => {
      const expected = 3 * Math.log(2) + 0.5 * (0.5 * Math.log(2) + 1.5 * Math.log(4));
      expectClose(weightedCrossEntropy(logits(), targets(), weights()), expected, { rtol: 1e-6 });
    });

    it("has the gradient weight · (softmax · mass - target)", () => {
      const gradient = tf.grad((x) => tf.mul(2, weightedCrossEntropy(x as tf.Tensor2D, targets(), weights())));
      expectClose(gradient(logits()), [1, 2, -3, 0.5, -1, 0.5], { atol: 1e-6 });
    });

    it("has the gradient that central differences give", () => {
      const [t, w] = [tf.abs(noise([4, 7], 2)) as tf.Tensor2D, noise([4, 1], 3)];
      const check = { step: 1e-2, atol: 2e-3, rtol: 2e-3 }; // float32 sums near 1e2, truncation of the order of step²
      const x = tf.div(noise([4, 7], 1), 4) as tf.Tensor2D;
      checkGradient((y: tf.Tensor2D) => weightedCrossEntropy(y, t, w), x, check);
    });

    it("is finite for logits of ±1e4, infinite for a target that has no probability, and NaN where a logit is", () => {
      const one = tf.ones<tf.Rank.R2>([1, 1]);
      const at = (x: number[], t: number[]) => {
        const rows = tf.tensor2d(x, [1, 3]);
        const loss = (y: tf.Tensor) => weightedCrossEntropy(y as tf.Tensor2D, tf.tensor2d(t, [1, 3]), one);
        const { value, grad } = tf.valueAndGrad(loss)(rows);
        return [...value.dataSync(), ...grad.dataSync()];
      };
      expect(at([1e4, -1e4, 0], [0, 1, 0])).toEqual([2e4, 1, -1, 0]);
      expect(at([0, Number.NEGATIVE_INFINITY, 0], [0, 1, 0])[0]).toBe(Number.POSITIVE_INFINITY);
      expect(at([0, Number.NaN, 0], [0, 1, 0])[0]).toBeNaN();
    });

    it("leaves only its result in memory", () => {
      const [x, t, w] = [logits(), targets(), weights()];
      expectNewTensors(1, () => weightedCrossEntropy(x, t, w));
    });

    it("refuses shapes that do not fit", () => {
      expect(() => weightedCrossEntropy(logits(), targets(), tf.ones([3, 1]))).toThrow(
        "weightedCrossEntropy: `weights` must have shape [2, 1]; received [3, 1]. Give every row one weight.",
      );
      expect(() => weightedCrossEntropy(logits(), tf.ones([2, 2]), weights())).toThrow(
        "weightedCrossEntropy: `targets` must have shape [2, 3], like `logits`; received [2, 2].",
      );
    });
  });
});

describe("on onednn as on cpu", () => {
  it.each([
    [512, 10],
    [200, 201],
  ])("takes the cross-entropy of %i rows of %i, and its gradient", async (rows, width) => {
    const on = async (backend: string) => {
      await tf.setBackend(backend);
      return tf.tidy(() => {
        const targets = tf.softmax(noise([rows, width], 2));
        const weights = tf.abs(noise([rows, 1], 3)) as tf.Tensor2D;
        const loss = (x: tf.Tensor) => weightedCrossEntropy(x as tf.Tensor2D, targets, weights);
        const { value, grad } = tf.valueAndGrad(loss)(noise([rows, width], 1));
        return [value.dataSync(), grad.dataSync()];
      });
    };
    const expected = await on("cpu");
    const actual = await on("onednn");
    for (const [i, values] of expected.entries()) expectCloseToLargest(actual[i]!, values, 5e-6);
  });
});
