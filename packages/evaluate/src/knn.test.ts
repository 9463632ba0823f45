import "@simclr/backend-onednn/register";
import { Random } from "@simclr/core";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type KnnOptions, knn } from "./knn.js";

/** Training rows at cosines 1, 0.8, 0.6 and -1 of the test row (1, 0), of several lengths. */
const TINY: KnnOptions = {
  trainFeatures: new Float32Array([4, 3, 2, 0, 6, 8, -1, 0]),
  trainLabels: [1, 0, 1, 2],
  testFeatures: new Float32Array([10, 0]),
  testLabels: [1],
  dimension: 2,
  classCount: 3,
};

/** `count` noisy copies of the corners of a simplex, one corner a class. */
function clusters(seed: number, count: number, noise: number, classCount = 4) {
  const random = Random.fromSeed(seed);
  const labels = Int32Array.from({ length: count }, () => random.integer(0, classCount));
  const features = Float32Array.from({ length: count * classCount }, (_, i) => {
    return (i % classCount === labels[Math.floor(i / classCount)] ? 1 : 0) + noise * random.normal();
  });
  return { features, labels };
}

describeBackends(["cpu", "onednn"], () => {
  describe("knn", () => {
    it("weighs the votes of the nearest rows by exp(cosine / τ)", async () => {
      const { scores, ...result } = await knn({ ...TINY, k: 3, temperature: 0.5 });
      const [nearest, second, third] = [1, 0.8, 0.6].map((cosine) => Math.exp(cosine / 0.5)) as [
        number,
        number,
        number,
      ];
      const total = nearest + second + third;
      expectClose(scores, [nearest / total, (second + third) / total, 0], { rtol: 1e-6, atol: 1e-7 });
      expect(result).toEqual({ protocol: "knn k=3 tau=0.5", top1: 1, top5: 1, predictions: new Int32Array([1]) });
      expect((await knn({ ...TINY, k: 1 })).top1).toBe(0); // the nearest row has label 0
    });

    it("lets all training rows vote where there are fewer than k, and names that k", async () => {
      const { protocol, scores } = await knn(TINY);
      expect(protocol).toBe("knn k=4 tau=0.07");
      expect(scores[2]).toBeGreaterThan(0);
    });

    it("breaks ties of neighbours by their order and ties of votes by class", async () => {
      const tied = { ...TINY, trainFeatures: new Float32Array([1, 0, 1, 0, 1, 0, 1, 0]), trainLabels: [2, 1, 1, 0] };
      expect([...(await knn({ ...tied, k: 1 })).predictions]).toEqual([2]);
      expect([...(await knn({ ...tied, k: 2 })).predictions]).toEqual([1]);
    });

    it("tells separable classes apart, whatever the lengths of the rows", async () => {
      const [train, test] = [clusters(1, 400, 0.1), clusters(2, 100, 0.1)];
      const scaled = test.features.map((value, i) => value * (1 + (Math.floor(i / 4) % 7)));
      const result = await knn({
        trainFeatures: train.features,
        trainLabels: train.labels,
        testFeatures: scaled,
        testLabels: test.labels,
        dimension: 4,
        classCount: 4,
        k: 20,
      });
      expect(result.top1).toBe(1);
    });

    it("gives each test row the same answer alone and among others, and leaves no tensor", async () => {
      const [train, test] = [clusters(3, 300, 0.6), clusters(4, 40, 0.6)];
      const at = (start: number, end: number) =>
        knn({
          trainFeatures: train.features,
          trainLabels: train.labels,
          testFeatures: test.features.subarray(4 * start, 4 * end),
          testLabels: test.labels.subarray(start, end),
          dimension: 4,
          classCount: 4,
          k: 10,
        });
      const before = tf.memory().numTensors;
      const all = await at(0, 40);
      expect(all.top1).toBeGreaterThan(0.5); // chance is 0.25
      expect([...(await at(17, 18)).predictions]).toEqual([all.predictions[17]]);
      expect(tf.memory().numTensors).toBe(before);
    });

    it("does not overflow at a tiny temperature, nor fail on rows of zeros", async () => {
      const { scores } = await knn({ ...TINY, temperature: 1e-4 });
      expectClose(scores, [1, 0, 0], {}); // only the nearest row is left
      const zeros = await knn({ ...TINY, testFeatures: new Float32Array(2) });
      expectClose(zeros.scores, [0.25, 0.5, 0.25], {}); // equally near to all
    });

    it("refuses unlabelled rows, features that do not fit, and options out of range", async () => {
      await expect(knn({ ...TINY, trainLabels: [0, -1, 0, 0] })).rejects.toThrow(
        "knn: `trainLabels[1]` must be an integer in [0, 2]; received -1. -1 marks an unlabelled image, which can neither be " +
          "right nor wrong; leave such rows out.",
      );
      await expect(knn({ ...TINY, testFeatures: new Float32Array(3) })).rejects.toThrow(
        "knn: `testFeatures` must hold one or more rows of 2 numbers; received 3 numbers.",
      );
      await expect(knn({ ...TINY, testFeatures: new Float32Array([1, Number.NaN]) })).rejects.toThrow(
        "knn: `testFeatures` must be finite; received NaN in row 0.",
      );
      await expect(knn({ ...TINY, k: 0 })).rejects.toThrow("knn: `k` must be an integer >= 1; received 0.");
      await expect(knn({ ...TINY, temperature: 0 })).rejects.toThrow("knn: `temperature` must be a finite number > 0");
    });
  });
});
