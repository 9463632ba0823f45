import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { byolRegression } from "./byol-regression.js";
import { simSiam } from "./sim-siam.js";

const row = (x: number, y: number): tf.Tensor2D => tf.tensor2d([x, y], [1, 2]);

describeBackends(["cpu", "onednn"], () => {
  describe("simSiam", () => {
    it("is minus the mean cosine of each prediction and the other view's projection", () => {
      // cos(p1, z2) = 0.6 and cos(p2, z1) = -1; cos(p1, z1) and cos(p2, z2) play no part.
      expectClose(simSiam(row(3, 4), row(0, -1), row(0, 2), row(1, 0)), -(0.6 - 1) / 2, { atol: 1e-6 });
    });

    it("is BYOL's regression of both views, over 4, minus 1", () => {
      const [p1, p2, z1, z2] = [1, 2, 3, 4].map((seed) =>
        tf.randomNormal<tf.Rank.R2>([6, 3], 0, 1, "float32", seed),
      ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const byol = tf.add(byolRegression(p1, z2), byolRegression(p2, z1));
      expectClose(simSiam(p1, p2, z1, z2), tf.sub(tf.div(byol, 4), 1), { atol: 1e-6 });
    });

    it("stops the gradient at the projections, even where they made the predictions", () => {
      const weight = tf.scalar(0.3);
      const z = [row(1, 2), row(2, -1)] as const;
      const turn = (x: tf.Tensor2D, w: tf.Tensor): tf.Tensor2D => tf.add(x, tf.mul(w, tf.reverse(x, 1))) as tf.Tensor2D;
      const both = tf.grad((w) => {
        const [z1, z2] = [turn(z[0], w), turn(z[1], w)];
        return simSiam(turn(z1, w), turn(z2, w), z1, z2);
      })(weight);
      // The same with the projections made outside, as plain values.
      const [z1, z2] = [turn(z[0], weight), turn(z[1], weight)];
      const expected = tf.grad((w) => {
        const again = [turn(z[0], w), turn(z[1], w)] as const;
        return simSiam(turn(again[0], w), turn(again[1], w), z1, z2);
      })(weight);
      expectClose(both, expected, { atol: 1e-6 });
      expect(Math.abs(both.dataSync()[0]!)).toBeGreaterThan(1e-3);
    });

    it("refuses shapes that differ", () => {
      expect(() => simSiam(row(1, 2), row(1, 2), row(1, 2), tf.zeros([2, 2]))).toThrow(
        "simSiam: `z2` must have shape [1, 2], like `p1`; received [2, 2]. Pass two views of the same images, before and " +
          "after the predictor.",
      );
    });
  });
});
