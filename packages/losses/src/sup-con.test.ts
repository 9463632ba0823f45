import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { ntXentLoss } from "./nt-xent.js";
import { supCon } from "./sup-con.js";

const ROWS = [
  [1, 2, 3],
  [-1, 0.5, 2],
  [0.5, 0.5, -1],
  [1.5, 1.8, 2.5],
  [-0.8, 0.9, 1.5],
  [0.2, 0.9, -1.2],
  [1, -1, 0],
];
const z = (): tf.Tensor2D => tf.tensor2d(ROWS);

/** L_out in plain numbers, the mean over anchors that have positives. */
function inPlainNumbers(labels: number[], temperature: number): number {
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const logit = (i: number, j: number): number =>
    dot(ROWS[i]!, ROWS[j]!) / Math.hypot(...ROWS[i]!) / Math.hypot(...ROWS[j]!) / temperature;
  const all = [...ROWS.keys()];
  const losses: number[] = [];
  for (const i of all) {
    const others = all.filter((j) => j !== i);
    const positives = others.filter((j) => labels[i]! >= 0 && labels[j] === labels[i]);
    if (positives.length === 0) continue;
    const denominator = Math.log(others.reduce((sum, j) => sum + Math.exp(logit(i, j)), 0));
    losses.push(positives.reduce((sum, p) => sum + denominator - logit(i, p), 0) / positives.length);
  }
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

describeBackends(["cpu", "onednn"], () => {
  describe("supCon", () => {
    it.each([0.1, 0.5])("is L_out of the paper at temperature %d, whatever the sizes of the classes", (temperature) => {
      for (const labels of [
        [0, 1, 2, 0, 1, 2, 0],
        [3, 3, 3, 3, 3, 3, 3],
        [0, 0, 1, -1, -1, 1, 5], // two rows without a label, one class of one
      ]) {
        const loss = supCon(z(), tf.tensor1d(labels, "int32"), { temperature });
        expectClose(loss, inPlainNumbers(labels, temperature), { atol: 2e-6, rtol: 1e-6 }); // logits reach 10
      }
    });

    it("is NT-Xent when every image is a class of its own", () => {
      const [z1, z2] = tf.split(tf.slice2d(z(), [0, 0], [6, -1]), 2, 0) as [tf.Tensor2D, tf.Tensor2D];
      const labels = tf.tensor1d([0, 1, 2, 0, 1, 2], "int32");
      const views = tf.concat2d([z1, z2], 0);
      expectClose(supCon(views, labels, { temperature: 0.5 }), 1.2238109 / 2, { atol: 2e-6 }); // the reference's value
      const gradient = tf.grad((x) => supCon(x as tf.Tensor2D, labels))(views);
      const expected = tf.grads(ntXentLoss as unknown as (...x: tf.Tensor[]) => tf.Scalar)([z1, z2]);
      expectClose(gradient, tf.concat(expected), { atol: 1e-6 });
    });

    it("is 0, with gradient 0, where no row has a positive", () => {
      const labels = tf.tensor1d([0, 1, 2, 3, -1, -1, -1], "int32");
      const { value, grad } = tf.valueAndGrad((x) => supCon(x as tf.Tensor2D, labels))(z());
      expectClose(value, 0, {});
      expectClose(grad, new Float32Array(21), {});
    });

    it("refuses labels that do not fit, and a batch of one row", () => {
      expect(() => supCon(z(), tf.tensor1d([0, 1], "int32"))).toThrow(
        "supCon: `labels` must have shape [7]; received [2]. Give every row of `z` one class index, views of an image the same.",
      );
      expect(() => supCon(tf.zeros([1, 3]), tf.tensor1d([0], "int32"))).toThrow(
        "supCon: `z` must have at least 2 rows and 1 column; received [1, 3]. An anchor needs another row to compare with; " +
          "use a larger batch.",
      );
    });
  });
});
