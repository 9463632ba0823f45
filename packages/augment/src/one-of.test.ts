import "@simclr/backend-onednn/register";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { centerCrop, randomResizedCrop } from "./crop.js";
import { flipUpDown } from "./flip-up-down.js";
import { oneOf } from "./one-of.js";
import { rotate } from "./rotate.js";
import { appliedAndDrawn, context, noise, repeat } from "./test-images.js";

const count = 600;
/** Fills images with a value, so that one sees what was chosen. */
const paint = (name: string, value: number): Augmentation =>
  defineAugmentation({ name, apply: (images) => tf.fill(images.shape, value) as tf.Tensor4D });

describe("oneOf", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("applies one choice to each image, in proportion to the weights, and says which", () => {
      const choices = [paint("red", 0), paint("green", 0.5), paint("blue", 1), paint("never", 0.75)];
      const chosen = [0, 0, 0, 0];
      const one = oneOf(choices, { weights: [1, 2, 3, 0] });
      for (const { values, drawn } of appliedAndDrawn(one, repeat(count, noise([1, 1, 1, 1])))) {
        const choice = drawn[0]!.choice as number;
        expect(values[0]).toBe([0, 0.5, 1][choice]);
        chosen[choice]! += 1;
      }
      for (const [i, share] of [1 / 6, 2 / 6, 3 / 6, 0].entries())
        expect(Math.abs(chosen[i]! - share * count)).toBeLessThanOrEqual(4 * Math.sqrt(count * share * (1 - share)));
    });

    it("gives crops of one size", () => {
      const crops = oneOf([centerCrop({ size: 5 }), randomResizedCrop({ size: 5 })]);
      expect(crops.apply(noise([8, 9, 9, 2]), context(8)).shape).toEqual([8, 5, 5, 2]);
    });

    it("draws evenly without weights, and what the chosen one draws is in its own stream", () => {
      const image = noise([1, 3, 3, 1]);
      const results = appliedAndDrawn(oneOf([rotate({ degrees: [0, 10] }), flipUpDown()]), repeat(count, image));
      const rotated = results.filter(({ drawn }) => drawn[0]!.choice === 0);
      expect(Math.abs(rotated.length - count / 2)).toBeLessThan(2 * Math.sqrt(count));
      const angles = rotated.map(({ drawn }) => drawn[1]!.degrees as number);
      const mean = angles.reduce((a, b) => a + b) / angles.length;
      expect(Math.abs(mean - 5)).toBeLessThan((4 * 10) / Math.sqrt(12 * angles.length));
      expect(new Set(results.map(({ drawn }) => drawn[1]!.path))).toEqual(new Set(["rotate", "flipUpDown"]));
    });
  });

  it("says when choices give images of different shapes, and what weights may be", () => {
    const mixed = oneOf([flipUpDown(), centerCrop({ size: 2 })]);
    expect(() => mixed.apply(noise([20, 6, 6, 1]), context(20))).toThrow(
      /^oneOf: all images must come out as \[N, \d, \d, 1\]; some came out as \[N, \d, \d, 1\]\. Give all choices crops of one size, or none\.$/,
    );
    expect(() => oneOf([flipUpDown(), rotate()], { weights: [1] })).toThrow(
      "oneOf: `weights` must be 2 numbers >= 0, one per choice and not all 0; received [1]. Leave them out to draw evenly.",
    );
    expect(() => oneOf([flipUpDown()], { weights: [0] })).toThrow("not all 0; received [0].");
    expect(() => oneOf([])).toThrow("oneOf: `choices` must be a list of at least one augmentation;");
  });
});
