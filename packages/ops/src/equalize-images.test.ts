import "@simclr/backend-onednn/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, it } from "vitest";
import { equalizeImages } from "./equalize-images.js";

describe("equalizeImages", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("spreads channels by themselves, and leaves those of one level", () => {
      // Channel 0 has two levels, 512 pixels each: step 2, so 1 / 2 -> 0 and 513 / 2 -> 255. Channel 1 has one level.
      const pixels = Array.from({ length: 1024 }, (_, i) => [i % 2 === 0 ? 50 / 255 : 200 / 255, 0.3]).flat();
      const expected = Array.from({ length: 1024 }, (_, i) => [i % 2, 0.3]).flat();
      expectClose(equalizeImages(tf.tensor4d(pixels, [1, 32, 32, 2])), Float32Array.from(expected), {});
    });

    it("takes values beyond [0, 1] as black and white", () => {
      const values = Array.from({ length: 1024 }, (_, i) => (i % 2 === 0 ? -0.5 : 1.5));
      const expected = Array.from({ length: 1024 }, (_, i) => i % 2);
      expectClose(equalizeImages(tf.tensor4d(values, [1, 32, 32, 1])), expected, {});
    });

    it("leaves only its result in memory", () => {
      const images = tf.ones<tf.Rank.R4>([2, 20, 20, 3]);
      expectNewTensors(1, () => equalizeImages(images));
    });
  });
});
