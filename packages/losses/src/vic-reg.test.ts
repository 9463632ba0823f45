import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { vicReg } from "./vic-reg.js";

const FIRST = [
  [1, 0.2, 0.3],
  [-1, 0.5, 2],
  [0.5, 0.5, -1],
  [0.4, -0.1, 0],
];
const SECOND = [
  [1.5, 0.1, 0.5],
  [-0.8, 0.9, 1.5],
  [0.2, 0.9, -1.2],
  [1, -0.2, 1],
];

/** The three terms in plain numbers: Algorithm 1 of the paper. */
function terms(gamma: number): { invariance: number; variance: number; covariance: number } {
  let [invariance, variance, covariance] = [0, 0, 0];
  for (let i = 0; i < 4; i++) for (let j = 0; j < 3; j++) invariance += (FIRST[i]![j]! - SECOND[i]![j]!) ** 2 / 12;
  for (const rows of [FIRST, SECOND]) {
    const mean = (j: number): number => rows.reduce((sum, row) => sum + row[j]!, 0) / 4;
    const cov = (j: number, k: number): number =>
      rows.reduce((sum, row) => sum + (row[j]! - mean(j)) * (row[k]! - mean(k)), 0) / 3;
    for (let j = 0; j < 3; j++) {
      variance += Math.max(0, gamma - Math.sqrt(cov(j, j) + 1e-4)) / 3;
      for (let k = 0; k < 3; k++) if (j !== k) covariance += cov(j, k) ** 2 / 3;
    }
  }
  return { invariance, variance, covariance };
}

describeBackends(["cpu", "onednn"], () => {
  describe("vicReg", () => {
    it("is the weighted sum of the paper's three terms", () => {
      const loss = (options?: Parameters<typeof vicReg>[2]) => vicReg(tf.tensor2d(FIRST), tf.tensor2d(SECOND), options);
      const { invariance, variance, covariance } = terms(1);
      expectClose(loss(), 25 * invariance + 25 * variance + covariance, { rtol: 1e-5 });
      const alone = { invarianceWeight: 0, varianceWeight: 0, covarianceWeight: 0 };
      expectClose(loss({ ...alone, invarianceWeight: 1 }), invariance, { rtol: 1e-5 });
      expectClose(loss({ ...alone, varianceWeight: 1 }), variance, { rtol: 1e-5 });
      expectClose(loss({ ...alone, covarianceWeight: 1 }), covariance, { rtol: 1e-5 });
      expectClose(loss({ ...alone, varianceWeight: 1, targetDeviation: 2 }), terms(2).variance, { rtol: 1e-5 });
    });

    it("is 0 for equal views that vary enough, without correlation", () => {
      const z = tf.tensor2d([2, 2, 2, -2, -2, 2, -2, -2], [4, 2]);
      expectClose(vicReg(z, z), 0, { atol: 1e-9 });
    });

    it("charges two collapsed views the whole variance hinge", () => {
      const z = tf.ones<tf.Rank.R2>([4, 3]);
      expectClose(vicReg(z, z), 25 * 2 * (1 - Math.sqrt(1e-4)), { rtol: 1e-5 });
    });

    it("refuses one image alone and options out of range", () => {
      expect(() => vicReg(tf.zeros([1, 3]), tf.zeros([1, 3]))).toThrow(
        "vicReg: `z1` must have at least 2 rows and 1 column; received [1, 3]. A variance needs several images; use a " +
          "larger batch.",
      );
      const z = tf.zeros<tf.Rank.R2>([2, 3]);
      expect(() => vicReg(z, z, { covarianceWeight: -1 })).toThrow("vicReg: `covarianceWeight` must be in [0, ");
      expect(() => vicReg(z, z, { targetDeviation: 0 })).toThrow(
        "vicReg: `targetDeviation` must be a finite number > 0; received 0.",
      );
    });
  });
});
