import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { extractFeatures } from "./extract-features.js";

/** Batches of 1x1 images with two channels, whose first channel counts up. */
async function* countingBatches(sizes: readonly number[]): AsyncGenerator<tf.Tensor4D> {
  let next = 0;
  for (const size of sizes) {
    const values = Array.from({ length: size }, () => [next++, 100]).flat();
    yield tf.tensor4d(values, [size, 1, 1, 2]);
  }
}
const meanOverPixels = (images: tf.Tensor4D): tf.Tensor2D => tf.mean(tf.mul(images, 2), [1, 2]);

describeBackends(["cpu"], () => {
  describe("extractFeatures", () => {
    it("keeps the order of the images over batches of any size, and leaves no tensor", async () => {
      const before = tf.memory().numTensors;
      const result = await extractFeatures({ forward: meanOverPixels, batches: countingBatches([3, 3, 1]) });
      expect([result.count, result.dimension]).toEqual([7, 2]);
      expectClose(result.features, [0, 200, 2, 200, 4, 200, 6, 200, 8, 200, 10, 200, 12, 200], {});
      expect(tf.memory().numTensors).toBe(before);
    });

    it("takes an array of batches", async () => {
      const batches = [tf.ones<tf.Rank.R4>([2, 1, 1, 3])];
      expect((await extractFeatures({ forward: meanOverPixels, batches })).features).toHaveLength(6);
    });

    it("refuses an encoder that does not give one row an image, and leaves no tensor", async () => {
      const before = tf.memory().numTensors;
      const forward = (images: tf.Tensor4D): tf.Tensor2D => tf.reshape(images, [1, -1]);
      await expect(extractFeatures({ forward, batches: countingBatches([2]) })).rejects.toThrow(
        "extractFeatures: `forward` must return shape [2, 4] for 2 images; received [1, 4]. Return one row of features for " +
          "every image.",
      );
      await expect(
        extractFeatures({
          forward: () => {
            throw new Error("no encoder");
          },
          batches: countingBatches([2]),
        }),
      ).rejects.toThrow("no encoder");
      expect(tf.memory().numTensors).toBe(before);
    });

    it("refuses an empty data set", async () => {
      await expect(extractFeatures({ forward: meanOverPixels, batches: [] })).rejects.toThrow(
        "extractFeatures: `batches` gave no batch. Pass a data set with at least one image.",
      );
    });
  });
});
