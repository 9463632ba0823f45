import "@simclr/backend-onednn/register";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { checkImageValues } from "./check-image-values.js";

const pixels = (...values: number[]): tf.Tensor4D => tf.tensor4d(values, [1, 1, values.length, 1]);

describe("checkImageValues", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("takes what lies in [0, 1], and leaves nothing in memory", async () => {
      const images = pixels(0, 0.5, 1);
      const before = tf.memory().numTensors;
      await checkImageValues(images);
      await checkImageValues(tf.zeros([0, 4, 4, 3]));
      expect(tf.memory().numTensors).toBe(before + 1); // the empty batch
    });

    it.each([
      ["bytes", [0, 128, 255], "values from 0 to 255"],
      ["values around 0", [-0.5, 0.5], "values from -0.5 to 0.5"],
      ["NaN", [0, Number.NaN, 1], "1 values that are not finite"],
      ["infinities", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], "2 values that are not finite"],
    ])("refuses %s", async (_, values, received) => {
      await expect(checkImageValues(pixels(...values))).rejects.toThrow(
        `checkImageValues: \`images\` must hold finite values in [0, 1]; received ${received}. Divide bytes by 255, as toImages does, and subtract no mean.`,
      );
    });
  });
});
