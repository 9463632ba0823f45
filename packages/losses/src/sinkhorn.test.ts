import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { sinkhorn } from "./sinkhorn.js";

const SCORES = [0.9, 0.1, -0.3, 0.8, 0.2, 0.1, 0.7, -0.6, 0.4, 0.6, 0.5, -0.2];
const scores = (): tf.Tensor2D => tf.tensor2d(SCORES, [4, 3]);

/** The official code's loop in plain numbers: columns of the N rows to 1/K each, then rows to 1/N. */
function inPlainNumbers(epsilon: number, iterations: number): number[] {
  let q = SCORES.map((score) => Math.exp(score / epsilon));
  const total = q.reduce((a, b) => a + b, 0);
  q = q.map((x) => x / total);
  for (let round = 0; round < iterations; round++) {
    const columns = [0, 1, 2].map((k) => q.reduce((sum, x, i) => sum + (i % 3 === k ? x : 0), 0));
    q = q.map((x, i) => x / columns[i % 3]! / 3);
    const rows = [0, 1, 2, 3].map((n) => q.slice(3 * n, 3 * n + 3).reduce((a, b) => a + b, 0));
    q = q.map((x, i) => x / rows[Math.floor(i / 3)]! / 4);
  }
  return q.map((x) => x * 4);
}

describeBackends(["cpu", "onednn"], () => {
  describe("sinkhorn", () => {
    it.each([
      [0.05, 3],
      [0.5, 1],
      [1, 10],
    ])("gives the codes of the paper's loop at epsilon %d after %d rounds", (epsilon, iterations) => {
      expectClose(sinkhorn(scores(), { epsilon, iterations }), inPlainNumbers(epsilon, iterations), {
        atol: 2e-5, // exponents reach 18, where one float32 ulp is 2e-6
      });
    });

    it("shares prototypes out evenly in the end: rows sum to 1, columns to N / K", () => {
      const codes = sinkhorn(scores(), { epsilon: 0.5, iterations: 100 });
      expectClose(tf.sum(codes, 1), [1, 1, 1, 1], { atol: 1e-5 });
      expectClose(tf.sum(codes, 0), [4 / 3, 4 / 3, 4 / 3], { atol: 1e-4 });
    });

    it("does not overflow where exp(scores / ε) would", () => {
      const codes = sinkhorn(scores(), { epsilon: 1e-4 }).dataSync(); // exponents of 9,000
      expect([...codes].every((code) => code >= 0 && code <= 1 + 1e-5)).toBe(true);
    });

    it("passes no gradient, and leaves only its result in memory", () => {
      expect(() => tf.grad((x) => sinkhorn(x as tf.Tensor2D))(scores())).toThrow("Cannot compute gradient");
      const x = scores();
      expectNewTensors(1, () => sinkhorn(x));
    });

    it("refuses options out of range", () => {
      expect(() => sinkhorn(scores(), { iterations: 0 })).toThrow(
        "sinkhorn: `iterations` must be an integer >= 1; received 0.",
      );
      expect(() => sinkhorn(scores(), { epsilon: 0 })).toThrow(
        "sinkhorn: `epsilon` must be a finite number > 0; received 0.",
      );
    });
  });
});
