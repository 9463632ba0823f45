import "@simclr/backend-onednn/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { mixUp } from "./mix-up.js";
import type { LabelledImages } from "./mixing.js";
import type { DrawnParameters } from "./record.js";
import { softLabels } from "./soft-labels.js";
import { context, noise } from "./test-images.js";

const count = 300;
const black = (): LabelledImages => ({
  images: tf.zeros([count, 2, 2, 1]),
  labels: softLabels(new Array<number>(count).fill(0), 3),
});
const white = (): LabelledImages => ({
  images: tf.ones([count, 2, 2, 1]),
  labels: softLabels(new Array<number>(count).fill(2), 3),
});

describe("mixUp", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("blends images and labels by the same share, another for each image", () => {
      const draws: DrawnParameters[] = [];
      const record = (place: number, drawn: DrawnParameters) => {
        draws[place] = drawn;
      };
      const mixed = mixUp({ alpha: 1 }).mix(black(), white(), { ...context(count), record });
      const images = mixed.images.dataSync();
      const labels = mixed.labels.dataSync();
      const shares = draws.map(({ lambda }) => lambda as number);
      for (const [i, lambda] of shares.entries()) {
        const rounding = { atol: 1.2e-7 }; // two float32 roundings of numbers up to 1
        expectClose(images.subarray(4 * i, 4 * i + 4), new Array(4).fill(1 - lambda), rounding);
        expectClose(labels.subarray(3 * i, 3 * i + 3), [lambda, 0, 1 - lambda], rounding);
      }
      expect(new Set(shares).size).toBe(count);
      const mean = shares.reduce((a, b) => a + b) / count; // Beta(1, 1) is even
      expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * count));
    });

    it("draws one share for the batch where it is told to, and leaves out images by their probability", () => {
      const mixed = mixUp({ probability: 0.5, alpha: 5, lambdaPer: "batch" }).mix(black(), white(), context(count));
      const own = [...tf.slice(mixed.labels, [0, 0], [-1, 1]).dataSync()];
      const left = own.filter((share) => share === 1).length;
      expect(Math.abs(left - count / 2)).toBeLessThan(2 * Math.sqrt(count));
      expect(new Set(own).size).toBe(2);
    });

    it("leaves only images and labels in memory", () => {
      const batch = { images: noise([4, 3, 3, 2]), labels: softLabels([0, 1, 1, 0], 2) };
      expectNewTensors(2, () => ({ ...mixUp().mix(batch, batch, context(4)) }));
    });
  });

  it("says what its options and its batches may be", () => {
    expect(() => mixUp({ alpha: 0 })).toThrow("mixUp: `alpha` must be a finite number > 0; received 0.");
    expect(() => mixUp({ lambdaPer: "row" as "image" })).toThrow(
      'mixUp: `lambdaPer` must be one of "image", "batch"; received "row".',
    );
    const images = noise([2, 2, 2, 1]);
    expect(() =>
      mixUp().mix({ images, labels: softLabels([0], 2) }, { images, labels: softLabels([0], 2) }, context(2)),
    ).toThrow(
      "mixUp: `labels` must have shape [2, any]; received [1, 2]. Make soft labels, [N, classes], with softLabels.",
    );
    const labels = softLabels([0, 1], 2);
    expect(() => mixUp().mix({ images, labels }, { images: noise([2, 3, 2, 1]), labels }, context(2))).toThrow(
      "mixUp: `partners.images` must have shape [2, 2, 2, 1]; received [2, 3, 2, 1]. Partners are images of one batch.",
    );
    const whole = tf.oneHot([0, 1], 2) as tf.Tensor2D;
    expect(() => mixUp().mix({ images, labels: whole }, { images, labels: whole }, context(2))).toThrow(
      "mixUp: `labels` must be float32 [N, classes], soft labels; received int32. Make them with softLabels.",
    );
  });
});
