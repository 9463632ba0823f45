import "@simclr/backend-onednn/register";
import { readFileSync } from "node:fs";
import { Random } from "@simclr/core";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { lbfgsProbe } from "./lbfgs-probe.js";

interface Fixture {
  readonly dimension: number;
  readonly classCount: number;
  readonly trainFeatures: number[];
  readonly trainLabels: number[];
  readonly testFeatures: number[];
  readonly logits: Readonly<Record<string, number[]>>;
}

const { logits, ...fixture }: Fixture = JSON.parse(
  readFileSync(new URL("../fixtures/logistic-regression.json", import.meta.url), "utf8"),
);
const DATA = {
  ...fixture,
  trainFeatures: Float32Array.from(fixture.trainFeatures),
  testFeatures: Float32Array.from(fixture.testFeatures),
  testLabels: new Int32Array(fixture.testFeatures.length / fixture.dimension),
};

describeBackends(["cpu", "onednn"], () => {
  it.each(Object.entries(logits))("finds scikit-learn's optimum with l2 = %s", async (l2, expected) => {
    const before = tf.memory().numTensors;
    const result = await lbfgsProbe({ ...DATA, l2: Number(l2) });
    expect(result.converged).toBe(true);
    expectClose(result.scores, expected, { atol: 2e-3 });
    expect(result.protocol).toBe(`linear probe L-BFGS l2=${Number(l2)} standardised`);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes the largest of equally good penalties, and refuses to choose without a stream", async () => {
    // Two far clouds: every penalty tells them apart.
    const easy = {
      trainFeatures: Float32Array.from({ length: 40 }, (_, i) => (i % 2 ? 1 : -1)),
      trainLabels: Int32Array.from({ length: 40 }, (_, i) => i % 2),
      testFeatures: Float32Array.of(-2, 2),
      testLabels: [0, 1],
      dimension: 1,
      classCount: 2,
    };
    const result = await lbfgsProbe({ ...easy, random: Random.fromSeed(0) });
    expect(result).toMatchObject({ l2: 0.1, top1: 1, converged: true });
    expect(result.protocol).toBe("linear probe L-BFGS l2=0.1 chosen on held-out rows standardised");
    // At the optimum ±w of the logits, with λ = 0.1: the derivative of log(1 + exp(-2w)) + 0.1 w² is 0.
    const w = Math.abs(result.scores[3]! - result.scores[2]!) / 4; // logits of x = 2
    expect(0.2 * w).toBeCloseTo(2 / (1 + Math.exp(2 * w)), 4);
    expect(result.trainLoss).toBeCloseTo(Math.log(1 + Math.exp(-2 * w)), 5);
    await expect(lbfgsProbe(easy)).rejects.toThrow(
      "lbfgsProbe: several `l2` need `random`, which draws the rows held out",
    );
    await expect(lbfgsProbe({ ...easy, l2: [] })).rejects.toThrow("`l2` must hold one number or more");
    await expect(lbfgsProbe({ ...easy, l2: -1 })).rejects.toThrow("`l2[0]` must be");
  });
});
