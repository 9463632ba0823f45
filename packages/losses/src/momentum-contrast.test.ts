import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { momentumContrast } from "./momentum-contrast.js";

/** Cosines with the key: 0.6 and 1; with the queue: (0.8, -0.6) and (0, -1). */
const query = (): tf.Tensor2D => tf.tensor2d([3, 4, 0, 2], [2, 2]);
const key = (): tf.Tensor2D => tf.tensor2d([5, 0, 0, 1], [2, 2]);
const queue = (): tf.Tensor2D => tf.tensor2d([0, 1, -1, 0], [2, 2]);

describeBackends(["cpu", "onednn"], () => {
  describe("momentumContrast", () => {
    it.each([0.07, 1])("picks the key out of the key and the queue at temperature %d", (temperature) => {
      const loss = ([positive, ...negatives]: number[]): number =>
        Math.log([positive!, ...negatives].reduce((sum, s) => sum + Math.exp((s - positive!) / temperature), 0));
      const expected = (loss([0.6, 0.8, -0.6]) + loss([1, 1, 0])) / 2;
      expectClose(momentumContrast(query(), key(), queue(), { temperature }), expected, { rtol: 1e-5 });
    });

    it("takes the batch's other keys for negatives too where it is told to", () => {
      const loss = ([positive, ...negatives]: number[]): number =>
        Math.log([positive!, ...negatives].reduce((sum, s) => sum + Math.exp(s - positive!), 0));
      // The first query's cosine with the second key is 0.8, the second's with the first key 0.
      const expected = (loss([0.6, 0.8, 0.8, -0.6]) + loss([1, 0, 1, 0])) / 2;
      const options = { temperature: 1, batchNegatives: true };
      expectClose(momentumContrast(query(), key(), queue(), options), expected, { rtol: 1e-5 });
    });

    it("is log(1 + K) when key and queue are the same", () => {
      const same = tf.ones<tf.Rank.R2>([5, 2]);
      expectClose(momentumContrast(query(), tf.ones([2, 2]), same), Math.log(6), { atol: 1e-5 });
    });

    it("does not let images of the batch repel each other", () => {
      const first = (x: tf.Tensor): tf.Tensor2D => tf.slice2d(x as tf.Tensor2D, [0, 0], [1, -1]);
      const together = tf.grad((x) => momentumContrast(x as tf.Tensor2D, key(), queue()))(query());
      const alone = tf.grad((x) => momentumContrast(x as tf.Tensor2D, first(key()), queue()))(first(query()));
      expectClose(tf.mul(2, first(together)), alone, { rtol: 1e-5 }); // the mean is over two rows, then over one
    });

    it("has no gradient for keys and queue", () => {
      const losses = [
        (x: tf.Tensor) => momentumContrast(query(), x as tf.Tensor2D, queue()),
        (x: tf.Tensor) => momentumContrast(query(), key(), x as tf.Tensor2D),
      ];
      for (const loss of losses) expect(() => tf.grad(loss)(tf.ones([2, 2]))).toThrow("Cannot compute gradient");
    });

    it("refuses keys and queues of another shape, and an empty queue", () => {
      expect(() => momentumContrast(query(), tf.zeros([3, 2]), queue())).toThrow(
        "momentumContrast: `key` must have shape [2, 2], like `query`; received [3, 2]. Pass two views of the same images.",
      );
      expect(() => momentumContrast(query(), key(), tf.zeros([4, 3]))).toThrow(
        "momentumContrast: `queue` must have shape [any, 2]; received [4, 3]. Keys and queries share one space.",
      );
      expect(() => momentumContrast(query(), key(), tf.zeros([0, 2]))).toThrow(
        "momentumContrast: `queue` must have at least 1 row and 1 column; received [0, 2]. Fill it with initialKeyQueue " +
          "before the first step.",
      );
    });
  });
});
