import "@simclr/backend-onednn/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { solarize } from "./solarize.js";
import { applied, appliedAndDrawn, noise, repeat } from "./test-images.js";

const count = 400;

describe("solarize", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("inverts values from the threshold on, and leaves those below", () => {
      const image = tf.tensor4d([0, 0.25, 0.5, 0.75, 1, 0.4375], [1, 2, 3, 1]);
      const [result] = applied(solarize({ probability: 1 }), image);
      expectClose(result!, [0, 0.25, 0.5, 0.25, 0, 0.4375], {}); // sums of powers of two: exact
      const [all] = applied(solarize({ probability: 1, threshold: 0 }), image);
      expectClose(all!, [1, 0.75, 0.5, 0.25, 0, 0.5625], {});
    });

    it("changes a fifth of the images, and leaves the others to the last bit", () => {
      const image = noise([1, 3, 3, 2]);
      const plain = image.dataSync();
      const results = appliedAndDrawn(solarize(), repeat(count, image));
      const changed = results.filter(({ drawn }) => drawn[0]!.applied);
      for (const { values, drawn } of results)
        if (!drawn[0]!.applied) expect(values).toEqual(plain);
        else
          expectClose(
            values,
            plain.map((x) => (x >= 0.5 ? 1 - x : x)),
            { atol: 6e-8 }, // one float32 rounding
          );
      expect(Math.abs(changed.length - 0.2 * count)).toBeLessThan(4 * Math.sqrt(count * 0.2 * 0.8));
    });

    it("draws a threshold for each image", () => {
      const ramp = tf.tensor4d(
        Array.from({ length: 256 }, (_, i) => i / 255),
        [1, 16, 16, 1],
      );
      const results = appliedAndDrawn(solarize({ probability: 1, threshold: [0.25, 0.75] }), repeat(200, ramp));
      const thresholds = results.map(({ drawn }) => drawn[0]!.threshold as number);
      for (const [i, { values }] of results.entries()) {
        const first = values.findIndex((value, k) => Math.abs(value - k / 255) > 1e-3); // what is inverted first
        expect(Math.abs(first / 255 - thresholds[i]!)).toBeLessThan(2 / 255); // one level, and 0.5 is its own inverse
      }
      expect(Math.min(...thresholds)).toBeGreaterThanOrEqual(0.25);
      expect(Math.max(...thresholds)).toBeLessThan(0.75);
      const mean = thresholds.reduce((a, b) => a + b) / 200;
      expect(Math.abs(mean - 0.5)).toBeLessThan((4 * 0.5) / Math.sqrt(12 * 200)); // four standard errors
    });
  });

  it("says what a threshold may be", () => {
    expect(() => solarize({ threshold: 128 })).toThrow(
      "solarize: `threshold` must be a number or a range [low, high] within [0, 1]; received 128. Images are in [0, 1]; divide a byte by 255.",
    );
    expect(() => solarize({ threshold: [0.5, 0.2] })).toThrow("received [0.5, 0.2].");
    expect(() => solarize({ probability: 2 })).toThrow("solarize: `probability` must be in [0, 1]; received 2.");
  });
});
