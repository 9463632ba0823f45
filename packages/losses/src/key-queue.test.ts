import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { Random } from "@simclr/core";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { enqueueKeys, initialKeyQueue } from "./key-queue.js";

describeBackends(["cpu", "onednn"], () => {
  describe("initialKeyQueue", () => {
    it("holds directions of length 1 that the seed decides and that have no common direction", () => {
      const queue = initialKeyQueue(500, 8, Random.fromSeed(3));
      expectClose(tf.norm(queue, 2, 1), new Float32Array(500).fill(1), { atol: 1e-6 });
      expectClose(queue, initialKeyQueue(500, 8, Random.fromSeed(3)), {});
      // The mean of 500 random directions has length about 1/√500 = 0.045.
      expect(tf.norm(tf.mean(queue, 0)).dataSync()[0]).toBeLessThan(0.1);
    });

    it("refuses sizes that are not whole", () => {
      expect(() => initialKeyQueue(0, 8, Random.fromSeed(3))).toThrow(
        "initialKeyQueue: `size` must be an integer >= 1; received 0.",
      );
    });
  });

  describe("enqueueKeys", () => {
    const queue = (): tf.Tensor2D => tf.tensor2d([1, 0, 0, 1, -1, 0], [3, 2]);

    it("drops the oldest and appends the newest, at length 1", () => {
      const after = enqueueKeys(queue(), tf.tensor2d([3, 4], [1, 2]));
      expectClose(after, [0, 1, -1, 0, 0.6, 0.8], { atol: 1e-6 });
      const full = enqueueKeys(queue(), tf.tensor2d([0, 2, 0, 3, 4, 0], [3, 2]));
      expectClose(full, [0, 1, 0, 1, 1, 0], { atol: 1e-6 });
    });

    it("leaves only its result in memory", () => {
      const [old, keys] = [queue(), tf.ones<tf.Rank.R2>([1, 2])];
      expectNewTensors(1, () => enqueueKeys(old, keys));
    });

    it("refuses more keys than there are places", () => {
      expect(() => enqueueKeys(queue(), tf.zeros([4, 2]))).toThrow(
        "enqueueKeys: `keys` must have at most 3 rows, the size of `queue`; received 4. Make the queue larger than a batch.",
      );
      expect(() => enqueueKeys(queue(), tf.zeros([1, 3]))).toThrow(
        "enqueueKeys: `keys` must have shape [any, 2]; received [1, 3]. Keys and queue share one space.",
      );
    });
  });
});
