import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { byolRegression } from "./byol-regression.js";

describeBackends(["cpu", "onednn"], () => {
  describe("byolRegression", () => {
    it("is 0 for the same direction, 2 for a right angle and 4 for opposite ones", () => {
      const target = tf.tensor2d([2, 0], [1, 2]);
      for (const [x, y, expected] of [[0.5, 0, 0] as const, [0, 3, 2] as const, [-1, 0, 4] as const])
        expectClose(byolRegression(tf.tensor2d([x, y], [1, 2]), target), expected, { atol: 1e-6 });
    });

    it("is the squared distance of the normalised rows, in the mean", () => {
      const loss = byolRegression(tf.tensor2d([3, 4, 1, 0], [2, 2]), tf.tensor2d([1, 0, 0, 5], [2, 2]));
      expectClose(loss, ((0.6 - 1) ** 2 + 0.8 ** 2 + 2) / 2, { rtol: 1e-6 });
    });

    it("moves the prediction towards the target at a right angle to itself, and not the target", () => {
      const [prediction, target] = [tf.tensor2d([2, 0], [1, 2]), tf.tensor2d([0, 7], [1, 2])];
      const gradient = tf.grad((p) => byolRegression(p as tf.Tensor2D, target))(prediction);
      expectClose(gradient, [0, -1], { atol: 1e-6 }); // -2 · target / length of the prediction
      const toTarget = tf.grad((t) => byolRegression(prediction, t as tf.Tensor2D));
      expect(() => toTarget(target)).toThrow("Cannot compute gradient");
    });

    it("refuses targets of another shape and an empty batch", () => {
      expect(() => byolRegression(tf.zeros([2, 3]), tf.zeros([2, 4]))).toThrow(
        "byolRegression: `target` must have shape [2, 3], like `prediction`; received [2, 4]. Predict the projections of " +
          "the same images' other views.",
      );
      expect(() => byolRegression(tf.zeros([0, 3]), tf.zeros([0, 3]))).toThrow(
        "byolRegression: `prediction` must have at least 1 row and 1 column; received [0, 3]. Pass a batch of predictions.",
      );
    });
  });
});
