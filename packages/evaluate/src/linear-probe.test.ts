import "@simclr/backend-onednn/register";
import { Random } from "@simclr/core";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type LinearProbeOptions, linearProbe } from "./linear-probe.js";

/** Two classes at x = -1 and x = 1; the second column is constant. */
const PAIR: LinearProbeOptions = {
  trainFeatures: new Float32Array([-1, 5, 1, 5]),
  trainLabels: [0, 1],
  testFeatures: new Float32Array([-3, 5, 2, 9]),
  testLabels: [0, 1],
  dimension: 2,
  classCount: 2,
  random: Random.fromSeed(0),
};

/** Points in three dimensions around three directions, far from the origin and in other units. */
function clouds(seed: number, count: number): { features: Float32Array; labels: Int32Array } {
  const random = Random.fromSeed(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  const features = Float32Array.from({ length: 3 * count }, (_, i) => {
    const own = i % 3 === labels[Math.floor(i / 3)];
    return 1000 + 50 * ((own ? 1 : 0) + 0.1 * random.normal());
  });
  return { features, labels };
}
const [train, test] = [clouds(1, 120), clouds(2, 60)];
const CLOUDS: LinearProbeOptions = {
  trainFeatures: train.features,
  trainLabels: train.labels,
  testFeatures: test.features,
  testLabels: test.labels,
  dimension: 3,
  classCount: 3,
  epochs: 20,
  batchSize: 50,
  random: Random.fromSeed(0),
};

describeBackends(["cpu", "onednn"], () => {
  describe("linearProbe", () => {
    it("takes the step that the gradient of the cross-entropy gives", async () => {
      // From zero, softmax is 1/2 and the gradient of the kernel's first row is mean of x (1/2 - y) = (1/2, -1/2); the bias
      // has none. One Nesterov step moves by 0.1 * 1.9 times that; logits of x = (-3, 2) are ∓0.095 x.
      const { scores, top1, trainLoss } = await linearProbe({ ...PAIR, epochs: 1, schedule: "constant" });
      expectClose(scores, [0.285, -0.285, -0.19, 0.19], { atol: 1e-6 });
      expect(top1).toBe(1);
      expect(trainLoss).toBeCloseTo(Math.log(1 + Math.exp(-0.19)), 6);
    });

    it("tells separable classes apart, and says how it did", async () => {
      const result = await linearProbe(CLOUDS);
      expect(result.top1).toBe(1);
      expect(result.trainLoss).toBeLessThan(0.1); // ln 3 = 1.1 at the start
      expect(result.protocol).toBe("linear probe epochs=20 batch=50 lr=0.1 cosine wd=0 standardised");
    });

    it("takes all rows at once for few labels", async () => {
      const few = {
        ...CLOUDS,
        trainFeatures: train.features.subarray(0, 27),
        trainLabels: train.labels.subarray(0, 9),
      };
      const result = await linearProbe({ ...few, epochs: 50, batchSize: "full" });
      expect(result.top1).toBe(1);
      expect(result.protocol).toContain("batch=full");
    });

    it("gives the same classifier for the same seed, another for another, and leaves no tensor", async () => {
      const before = tf.memory().numTensors;
      const run = async (seed: number) => (await linearProbe({ ...CLOUDS, random: Random.fromSeed(seed) })).scores;
      const first = await run(1);
      expect(await run(1)).toEqual(first);
      expect(await run(2)).not.toEqual(first);
      expect(tf.memory().numTensors).toBe(before);
    });

    it("does not depend on the units of the features", async () => {
      const scaled = {
        trainFeatures: train.features.map((value) => 1024 * value),
        testFeatures: test.features.map((value) => 1024 * value),
      };
      const [plain, other] = [await linearProbe(CLOUDS), await linearProbe({ ...CLOUDS, ...scaled })];
      expectClose(other.scores, plain.scores, { atol: 1e-4 }); // a power of two: only the statistics round differently
    });

    it("ends nearer to zero with weight decay", async () => {
      const size = async (weightDecay: number) =>
        Math.max(...(await linearProbe({ ...CLOUDS, weightDecay })).scores.map(Math.abs));
      expect(await size(0.1)).toBeLessThan(0.7 * (await size(0)));
    });

    it("is at chance on features that are all alike, without dividing by zero", async () => {
      const features = new Float32Array(12).fill(3);
      const options = { trainFeatures: features, testFeatures: features.subarray(0, 6), trainLabels: [0, 0, 1, 1] };
      const result = await linearProbe({ ...CLOUDS, ...options, testLabels: [1, 0], classCount: 2 });
      expect(result.top1).toBe(0.5);
      expect([...result.scores].every(Number.isFinite)).toBe(true);
    });

    it("refuses unlabelled rows and options out of range", async () => {
      await expect(linearProbe({ ...PAIR, testLabels: [0, -1] })).rejects.toThrow(
        "linearProbe: `testLabels[1]` must be an integer in [0, 1]; received -1. -1 marks an unlabelled image",
      );
      await expect(linearProbe({ ...PAIR, batchSize: 0 })).rejects.toThrow(
        'linearProbe: `batchSize` must be an integer >= 1; received 0. Or pass "full".',
      );
      await expect(linearProbe({ ...PAIR, epochs: 0 })).rejects.toThrow(
        "`epochs` must be an integer >= 1; received 0.",
      );
      await expect(linearProbe({ ...PAIR, learningRate: 0 })).rejects.toThrow(
        "`learningRate` must be a finite number > 0",
      );
    });
  });
});
