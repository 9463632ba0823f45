import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { sinkhorn } from "./sinkhorn.js";
import { swav } from "./swav.js";

describeBackends(["cpu", "onednn"], () => {
  describe("swav", () => {
    it("is log(K) where all prototypes are the same: nothing can be predicted", () => {
      const [z1, z2] = [1, 2].map((seed) => tf.randomNormal<tf.Rank.R2>([8, 4], 0, 1, "float32", seed));
      expectClose(swav(z1!, z2!, tf.ones([3, 4])), Math.log(3), { atol: 1e-5 });
    });

    it("is the cross-entropy of the other view's codes where they are known by symmetry", () => {
      // Two images, two orthogonal prototypes, both views alike: by symmetry Sinkhorn changes nothing after row sums,
      // so each code is the softmax of (1, 0) / ε and each prediction that of (1, 0) / τ.
      const z = tf.tensor2d([1, 0, 0, 1], [2, 2]);
      const [temperature, epsilon] = [0.5, 0.25];
      const code = 1 / (1 + Math.exp(-1 / epsilon));
      const prediction = 1 / (1 + Math.exp(-1 / temperature));
      const expected = -code * Math.log(prediction) - (1 - code) * Math.log(1 - prediction);
      expectClose(swav(z, z, z, { temperature, epsilon }), expected, { rtol: 1e-5 });
    });

    it("predicts the codes of the other view, not its own", () => {
      // View 1 sees the images at the prototypes, view 2 sees them swapped: every prediction is wrong.
      const prototypes = tf.tensor2d([1, 0, 0, 1], [2, 2]);
      const swapped = tf.reverse(prototypes, 0) as tf.Tensor2D;
      expectClose(swav(prototypes, swapped, prototypes), 10, { rtol: 1e-3 }); // -log softmax of (1, 0) / 0.1, at 0
    });

    it("has small views predict both codes, each prediction counting once", () => {
      const [z1, z2, small, c] = [1, 2, 3, 4].map((seed) => tf.randomNormal<tf.Rank.R2>([6, 3], 0, 1, "float32", seed));
      const unit = (x: tf.Tensor): tf.Tensor => tf.div(x, tf.norm(x, 2, 1, true));
      const score = (x: tf.Tensor): tf.Tensor2D => tf.matMul(unit(x), unit(c!), false, true);
      const entropy = (code: tf.Tensor2D, of: tf.Tensor): tf.Tensor =>
        tf.neg(tf.mean(tf.sum(tf.mul(sinkhorn(score(code)), tf.logSoftmax(tf.div(score(of), 0.1) as tf.Tensor2D)), 1)));
      const pairs = [
        [z1!, z2!],
        [z1!, small!],
        [z2!, z1!],
        [z2!, small!],
      ] as const;
      const expected = tf.div(tf.addN(pairs.map(([code, of]) => entropy(code, of))), 4);
      expectClose(swav(z1!, z2!, c!, { smallViews: [small!] }), expected, { rtol: 1e-5 });
    });

    it("reaches both views and the prototypes with its gradient", () => {
      const [z1, z2, c] = [1, 2, 3].map((seed) => tf.randomNormal<tf.Rank.R2>([4, 3], 0, 1, "float32", seed));
      const gradients = tf.grads(swav as unknown as (...x: tf.Tensor[]) => tf.Scalar)([z1!, z2!, c!]);
      for (const gradient of gradients) expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(1e-3);
    });

    it("refuses prototypes of another width, and a single one", () => {
      const z = tf.zeros<tf.Rank.R2>([2, 3]);
      expect(() => swav(z, z, tf.zeros([5, 4]))).toThrow(
        "swav: `prototypes` must have shape [any, 3]; received [5, 4]. Prototypes are directions in the space of projections.",
      );
      expect(() => swav(z, z, tf.zeros([1, 3]))).toThrow(
        "swav: `prototypes` must have at least 2 rows and 1 column; received [1, 3]. One cluster holds everything; use more " +
          "prototypes.",
      );
    });
  });
});
