import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { checkGradient, describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { softmaxCrossEntropy } from "./cross-entropy.js";

/** softmax(logits) is (1/6, 2/6, 3/6) and (1/2, 1/4, 1/4). */
const LOGITS = [0, Math.log(2), Math.log(3), Math.log(4), Math.log(2), Math.log(2)];
const logits = (): tf.Tensor2D => tf.tensor2d(LOGITS, [2, 3]);

describeBackends(["cpu", "onednn"], () => {
  describe("softmaxCrossEntropy", () => {
    it("is the mean of -log of the probability of the label", () => {
      const labels = tf.oneHot(tf.tensor1d([2, 1], "int32"), 3) as tf.Tensor2D;
      expectClose(softmaxCrossEntropy(logits(), labels), (Math.log(2) + Math.log(4)) / 2, { rtol: 1e-6 });
    });

    it("takes soft labels", () => {
      const labels = tf.tensor2d([0.5, 0.5, 0, 0, 0.25, 0.75], [2, 3]);
      const expected = (0.5 * Math.log(6) + 0.5 * Math.log(3) + Math.log(4)) / 2;
      expectClose(softmaxCrossEntropy(logits(), labels), expected, { rtol: 1e-6 });
    });

    it("spreads the smoothed share of a label over all classes", () => {
      const labels = tf.tensor2d([0, 0, 1, 1, 0, 0], [2, 3]);
      const first = 0.7 * Math.log(2) + 0.1 * (Math.log(6) + Math.log(3) + Math.log(2));
      const second = 0.7 * Math.log(2) + 0.1 * (Math.log(2) + Math.log(4) + Math.log(4));
      const loss = softmaxCrossEntropy(logits(), labels, { labelSmoothing: 0.3 });
      expectClose(loss, (first + second) / 2, { rtol: 1e-6 });
    });

    it("is the weighted mean over rows, and 0 where no row counts", () => {
      const labels = tf.tensor2d([0, 0, 1, 0, 1, 0], [2, 3]);
      const at = (weights: number[]) => softmaxCrossEntropy(logits(), labels, { weights: tf.tensor1d(weights) });
      expectClose(at([3, 1]), (3 * Math.log(2) + Math.log(4)) / 4, { rtol: 1e-6 });
      expectClose(at([0, 1]), Math.log(4), { rtol: 1e-6 });
      expectClose(at([0, 0]), 0, {});
    });

    it("has the gradient (softmax - label) / N", () => {
      const labels = tf.tensor2d([0, 0, 1, 0, 1, 0], [2, 3]);
      const gradient = tf.grad((x) => softmaxCrossEntropy(x as tf.Tensor2D, labels))(logits());
      expectClose(gradient, [1 / 12, 1 / 6, -1 / 4, 1 / 4, -3 / 8, 1 / 8], { atol: 1e-7 });
    });

    it("has the gradient that central differences give, for labels of any mass", () => {
      const labels = tf.tensor2d([0.2, 0, 0.5, 1, 2, 0], [2, 3]);
      const options = { labelSmoothing: 0.1, weights: tf.tensor1d([1, 2]) };
      const check = { step: 1e-2, atol: 2e-4, rtol: 1e-3 }; // truncation is of the order of step²
      checkGradient((x: tf.Tensor2D) => softmaxCrossEntropy(x, labels, options), logits(), check);
    });

    it("keeps the gradient when labels are made inside the differentiated function, under the engine's leak check", () => {
      tf.env().set("IS_TEST", true);
      try {
        const loss = (x: tf.Tensor): tf.Scalar => {
          const labels = tf.oneHot(tf.tensor1d([2, 1], "int32"), 3) as tf.Tensor2D;
          return softmaxCrossEntropy(x as tf.Tensor2D, labels);
        };
        const x = logits();
        expectClose(tf.grad(loss)(x), [1 / 12, 1 / 6, -1 / 4, 1 / 4, -3 / 8, 1 / 8], { atol: 1e-7 });
        expectNewTensors(1, () => tf.grad(loss)(x));
      } finally {
        tf.env().set("IS_TEST", false);
      }
    });

    it("is finite for logits of ±1e4", () => {
      const x = tf.tensor2d([1e4, -1e4, 0, -1e4, 1e4, 0], [2, 3]);
      const labels = tf.tensor2d([0, 1, 0, 0, 1, 0], [2, 3]);
      const { value, grad } = tf.valueAndGrad((t) => softmaxCrossEntropy(t as tf.Tensor2D, labels))(x);
      expectClose(value, 1e4, { rtol: 1e-6 }); // (2e4 + 0) / 2
      expectClose(grad, [0.5, -0.5, 0, 0, 0, 0], { atol: 1e-7 });
    });

    it("leaves only its result in memory", () => {
      const [x, labels, weights] = [logits(), tf.ones<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R1>([2])];
      expectNewTensors(1, () => softmaxCrossEntropy(x, labels, { labelSmoothing: 0.1, weights }));
    });

    it("refuses shapes that do not fit and a smoothing outside [0, 1]", () => {
      const labels = tf.ones<tf.Rank.R2>([2, 3]);
      expect(() => softmaxCrossEntropy(logits(), tf.ones([2]) as unknown as tf.Tensor2D)).toThrow(
        "softmaxCrossEntropy: `labels` must have shape [2, 3], like `logits`; received [2]. Pass one-hot or soft labels, " +
          "not class indices.",
      );
      expect(() => softmaxCrossEntropy(logits(), labels, { weights: tf.ones<tf.Rank.R1>([3]) })).toThrow(
        "softmaxCrossEntropy: `weights` must have shape [2]; received [3]. Give every row one weight.",
      );
      expect(() => softmaxCrossEntropy(logits(), labels, { labelSmoothing: 2 })).toThrow(
        "softmaxCrossEntropy: `labelSmoothing` must be in [0, 1]; received 2.",
      );
    });
  });
});
