import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type TripletMining, triplet } from "./triplet.js";

/** Angles of points on the unit circle: the squared distance of two of them is 2 - 2·cos of the difference. */
const ANGLES = [0, 0.5, 1.1, 1.4, 2.6, 3.3, 4.1, 5.2];
const onCircle = (angles: number[]): tf.Tensor2D => tf.tensor2d(angles.map((a) => [3 * Math.cos(a), 3 * Math.sin(a)]));

/** The definition in plain numbers, over every triplet that the mining picks. */
function inPlainNumbers(angles: number[], labels: number[], margin: number, mining: TripletMining): number {
  const d = (i: number, j: number): number => 2 - 2 * Math.cos(angles[i]! - angles[j]!);
  const all = [...angles.keys()];
  const losses: number[] = [];
  for (const a of all) {
    const positives = all.filter((p) => p !== a && labels[a]! >= 0 && labels[p] === labels[a]);
    const negatives = all.filter((n) => n !== a && !(labels[a]! >= 0 && labels[n] === labels[a]));
    if (positives.length === 0 || negatives.length === 0) continue;
    const nearest = (from: number[]): number => from.reduce((x, y) => (d(a, y) < d(a, x) ? y : x));
    const farthest = (from: number[]): number => from.reduce((x, y) => (d(a, y) > d(a, x) ? y : x));
    const hinge = (p: number, n: number): number => Math.max(0, d(a, p) - d(a, n) + margin);
    if (mining === "hard") losses.push(hinge(farthest(positives), nearest(negatives)));
    for (const p of mining === "hard" ? [] : positives) {
      const farther = negatives.filter((n) => d(a, n) > d(a, p));
      if (mining === "all") losses.push(...negatives.map((n) => hinge(p, n)));
      else losses.push(hinge(p, farther.length > 0 ? nearest(farther) : farthest(negatives)));
    }
  }
  return losses.length === 0 ? 0 : losses.reduce((x, y) => x + y, 0) / losses.length;
}

const LABELS = [
  [0, 1, 0, 1, 2, 2, 0, 1],
  [0, 0, 1, 1, 2, 2, 3, 3],
  [0, 1, 0, -1, -1, 1, 4, 0], // rows without a label, and a class of one
];

describeBackends(["cpu", "onednn"], () => {
  describe("triplet", () => {
    for (const mining of ["all", "hard", "semi-hard"] as const) {
      it(`is the mean over the triplets that ${mining} mining picks`, () => {
        for (const labels of LABELS)
          for (const margin of [0, 0.2, 1.5]) {
            const loss = triplet(onCircle(ANGLES), tf.tensor1d(labels, "int32"), { margin, mining });
            expectClose(loss, inPlainNumbers(ANGLES, labels, margin, mining), { atol: 1e-6, rtol: 1e-6 });
          }
      });

      it(`is 0, with gradient 0, without triplets, with ${mining} mining`, () => {
        for (const labels of [
          [0, 1, 2, 3],
          [0, 0, 0, 0],
          [-1, -1, -1, -1],
        ]) {
          const f = (z: tf.Tensor) => triplet(z as tf.Tensor2D, tf.tensor1d(labels, "int32"), { mining });
          const { value, grad } = tf.valueAndGrad(f)(onCircle([0, 1, 2, 3]));
          expectClose(value, 0, {});
          expectClose(grad, new Float32Array(8), {});
        }
      });
    }

    it("pushes a violating negative away and pulls the positive, with the slopes of the squared distance", () => {
      // Anchor at 0, positive at 90°, negative at 180°: only (positive, anchor) violates, with d = 2 - 2 + 0.2.
      const labels = tf.tensor1d([0, 0, 1], "int32");
      const f = (z: tf.Tensor) => triplet(z as tf.Tensor2D, labels, { mining: "all" });
      const { value, grad } = tf.valueAndGrad(f)(tf.tensor2d([1, 0, 0, 1, -1, 0], [3, 2]));
      expectClose(value, 0.1, { atol: 1e-6 }); // two triplets, of 0 and of 0.2
      // d = 2 - 2·cos, so the gradient of row a in d(a, b) is -2·b without its part along a; the mean halves it.
      expectClose(grad, [0, -1, -1 - 1, 0, 0, 1], { atol: 1e-6 });
    });

    it("refuses what it cannot compute, and says why", () => {
      const labels = tf.tensor1d([0, 0, 1], "int32");
      const z = onCircle([0, 1, 2]);
      expect(() => triplet(z, labels, { mining: "easy" as "hard" })).toThrow(
        'triplet: `mining` must be one of "all", "hard", "semi-hard"; received "easy".',
      );
      expect(() => triplet(z, tf.tensor1d([0], "int32"))).toThrow(
        "triplet: `labels` must have shape [3]; received [1]. Give every row of `z` one class index.",
      );
      expect(() => triplet(onCircle([0, 1]), tf.tensor1d([0, 0], "int32"))).toThrow(
        "triplet: `z` must have at least 3 rows and 1 column; received [2, 2]. A triplet is an anchor, a positive and a " +
          "negative; use a larger batch.",
      );
      expect(() => triplet(z, labels, { margin: Number.NaN })).toThrow("triplet: `margin` must be in [0, ");
    });
  });
});
