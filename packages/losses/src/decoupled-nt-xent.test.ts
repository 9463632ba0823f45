import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { decoupledNtXent } from "./decoupled-nt-xent.js";
import { ntXentLoss } from "./nt-xent.js";

const FIRST = [1, 2, 3, -1, 0.5, 2, 0.5, 0.5, -1];
const SECOND = [1.5, 1.8, 2.5, -0.8, 0.9, 1.5, 0.2, 0.9, -1.2];
const views = (): [tf.Tensor2D, tf.Tensor2D] => [tf.tensor2d(FIRST, [3, 3]), tf.tensor2d(SECOND, [3, 3])];

/** Eq. 5 of the paper in plain numbers: rows i and i + N of the 2N are one image. */
function inPlainNumbers(temperature: number): number {
  const rows = [FIRST, SECOND].flatMap((view) => [0, 1, 2].map((i) => view.slice(3 * i, 3 * i + 3)));
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const logit = (i: number, j: number): number =>
    dot(rows[i]!, rows[j]!) / Math.hypot(...rows[i]!) / Math.hypot(...rows[j]!) / temperature;
  let total = 0;
  for (let i = 0; i < 6; i++) {
    let negatives = 0;
    for (let j = 0; j < 6; j++) if (j % 3 !== i % 3) negatives += Math.exp(logit(i, j));
    total += Math.log(negatives) - logit(i, (i + 3) % 6);
  }
  return total / 6;
}

describeBackends(["cpu", "onednn"], () => {
  describe("decoupledNtXent", () => {
    it.each([0.1, 0.5, 1])("is what the paper's sum gives at temperature %d", (temperature) => {
      const loss = decoupledNtXent(...views(), { temperature });
      expectClose(loss, inPlainNumbers(temperature), { atol: 2e-6, rtol: 1e-6 }); // logits reach 10
    });

    it("is log(2N - 2) when every projection is the same: the positive is not in the denominator", () => {
      const z = tf.ones<tf.Rank.R2>([4, 3]);
      expectClose(decoupledNtXent(z, z), Math.log(6), { atol: 1e-5 });
    });

    it("still pulls where NT-Xent has stopped, at a pair that is close already", () => {
      const z1 = tf.tensor2d([1, 0.05, 0, 1], [2, 2]);
      const z2 = tf.tensor2d([1, 0, 0, 1], [2, 2]);
      const options = { temperature: 0.1 };
      const largest = (f: typeof ntXentLoss): number =>
        tf.max(tf.abs(tf.grad((z) => f(z as tf.Tensor2D, z2, options))(z1))).dataSync()[0]!;
      // NT-Xent's gradient is the decoupled one times the probability that the pair has not got: about 2·exp(-10).
      expect(largest(ntXentLoss)).toBeLessThan(1e-3);
      expect(largest(decoupledNtXent)).toBeGreaterThan(0.1);
    });

    it("refuses a batch without negatives", () => {
      expect(() => decoupledNtXent(tf.zeros([1, 3]), tf.zeros([1, 3]))).toThrow(
        "decoupledNtXent: `z1` must have at least 2 rows and 1 column; received [1, 3]. The other images of the batch are " +
          "the negatives, so one image alone has none; use a larger batch.",
      );
      expect(() => decoupledNtXent(...views(), { temperature: -1 })).toThrow(
        "decoupledNtXent: `temperature` must be a finite number > 0; received -1.",
      );
    });
  });
});
