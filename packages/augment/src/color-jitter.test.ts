import "@simclr/backend-onednn/register";
import { describeBackends, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { colorJitter } from "./color-jitter.js";
import { applied, context, noise, repeat } from "./test-images.js";

const none = { brightness: 0, contrast: 0, saturation: 0, hue: 0 };
const count = 600;

/** Asserts that draws fill [low, high] evenly: extremes within 2 % and the mean within four standard errors. */
function expectUniform(draws: readonly number[], low: number, high: number): void {
  const width = high - low;
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(low - 1e-5);
  expect(Math.max(...draws)).toBeLessThanOrEqual(high + 1e-5);
  expect(Math.min(...draws)).toBeLessThan(low + 0.02 * width);
  expect(Math.max(...draws)).toBeGreaterThan(high - 0.02 * width);
  const mean = draws.reduce((a, b) => a + b) / draws.length;
  expect(Math.abs(mean - (low + high) / 2)).toBeLessThan((4 * width) / Math.sqrt(12 * draws.length));
}

describe("colorJitter", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("jitters four images of five", () => {
      const image = tf.tensor4d([0.2, 0.4, 0.3], [1, 1, 1, 3]);
      const changed = applied(colorJitter(), repeat(count, image)).filter(
        (result) => result[0] !== image.dataSync()[0],
      );
      expect(Math.abs(changed.length - 0.8 * count)).toBeLessThan(4 * Math.sqrt(count * 0.8 * 0.2));
    });

    it("draws brightness in 1 ± 0.8 s as v2 does, and in ± 0.8 s as v1 does", () => {
      const grey = repeat(count, tf.fill([1, 1, 1, 3], 0.5));
      const options = { probability: 1, amounts: { ...none, brightness: 0.8 } };
      const factors = applied(colorJitter(options), grey).map((result) => result[0]! / 0.5);
      expectUniform(factors, 0.2, 1.8);
      const additive = colorJitter({ ...options, strength: 0.5, brightness: "additive" });
      expectUniform(
        applied(additive, grey).map((result) => result[0]! - 0.5),
        -0.4,
        0.4,
      );
    });

    it("draws contrast and saturation in 1 ± 0.8 s, and hue in ± 0.2 s of a turn", () => {
      const pair = repeat(count, tf.tensor4d([0.4, 0.4, 0.4, 0.6, 0.6, 0.6], [1, 1, 2, 3]));
      const contrast = colorJitter({ probability: 1, amounts: { ...none, contrast: 0.8 } });
      expectUniform(
        applied(contrast, pair).map((result) => (result[3]! - result[0]!) / 0.2),
        0.2,
        1.8,
      );
      const pale = repeat(count, tf.tensor4d([0.5, 0.25, 0.25], [1, 1, 1, 3])); // S = 0.5
      const saturation = colorJitter({ probability: 1, amounts: { ...none, saturation: 0.8 } });
      expectUniform(
        applied(saturation, pale).map((result) => (1 - result[1]! / 0.5) / 0.5),
        0.2,
        1.8,
      );
      const green = repeat(count, tf.tensor4d([0, 1, 0], [1, 1, 1, 3]));
      const hue = colorJitter({ probability: 1, strength: 0.5, amounts: { ...none, hue: 0.2 } });
      // A tenth of a turn from green: blue rises (+) or red does (-), by six for a whole turn.
      expectUniform(
        applied(hue, green).map((result) => (result[2]! - result[0]!) / 6),
        -0.1,
        0.1,
      );
    });

    it("draws a fresh order for each image: the factors stay, the results differ", () => {
      const images = repeat(120, noise([1, 3, 3, 3]));
      const inOrder = applied(colorJitter({ probability: 1, order: "fixed" }), images);
      const shuffled = applied(colorJitter({ probability: 1 }), images);
      const same = shuffled.filter((result, i) => result.every((value, k) => value === inOrder[i]![k]));
      expect(same.length).toBeGreaterThan(0); // one order in 24 is the fixed one
      expect(same.length).toBeLessThan(40);
    });

    it("changes nothing at strength 0, and leaves only its result in memory", () => {
      const images = noise([3, 4, 4, 3]);
      const still = colorJitter({ strength: 0, probability: 1 }).apply(images, context(3));
      expect(still.dataSync()).toEqual(images.dataSync());
      expectNewTensors(1, () => colorJitter().apply(images, context(3)));
    });
  });

  it("says when a range leaves what the operation can take", () => {
    expect(() => colorJitter({ strength: 2 })).toThrow(
      "colorJitter: the amount of contrast times `strength` must be in [0, 1]; received 0.8 * 2 = 1.6. Lower one of them.",
    );
    expect(() => colorJitter({ amounts: { hue: -0.1 } })).toThrow(
      "colorJitter: the amount of hue times `strength` must be in [0, 0.5]; received -0.1 * 1 = -0.1. Lower one of them.",
    );
    expect(() => colorJitter({ strength: -1 })).toThrow(
      "colorJitter: `strength` must be a finite number > 0; received -1.",
    );
  });
});
