import "@simclr/backend-onednn/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { defineAugmentation } from "./augmentation.js";
import { centerCrop } from "./crop.js";
import { flipUpDown } from "./flip-up-down.js";
import { randomOrder } from "./random-order.js";
import { rotate } from "./rotate.js";
import { appliedAndDrawn, context, noise, repeat } from "./test-images.js";

const half = defineAugmentation({ name: "half", apply: (images) => tf.div(images, 2) });
const invert = defineAugmentation({ name: "invert", apply: (images) => tf.sub(1, images) });
const square = defineAugmentation({ name: "square", apply: (images) => tf.square(images) });
const functions = [(x: number) => x / 2, (x: number) => 1 - x, (x: number) => x * x];

describe("randomOrder", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("applies every step once, in the order that it drew, each order as often", () => {
      const image = tf.tensor4d([0.75], [1, 1, 1, 1]);
      const counts = new Map<string, number>();
      for (const { values, drawn } of appliedAndDrawn(randomOrder([half, invert, square]), repeat(600, image))) {
        const order = drawn[0]!.order as number[];
        // Sums and squares of few bits: exact in float32.
        expectClose(values, [order.reduce((x, step) => functions[step]!(x), 0.75)], {});
        counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1);
      }
      expect(counts.size).toBe(6);
      for (const count of counts.values())
        expect(Math.abs(count - 100)).toBeLessThan(4 * Math.sqrt(600 * (1 / 6) * (5 / 6)));
    });

    it("does not change what a step draws by its turn, and records in turn", () => {
      const both = randomOrder([rotate(), flipUpDown()]);
      const turned = randomOrder([flipUpDown(), rotate()]);
      const images = noise([20, 4, 4, 1]);
      const draws = (augmentation: typeof both, name: string) =>
        appliedAndDrawn(augmentation, images).map(({ drawn }) => drawn.find(({ path }) => path === name));
      for (const name of ["rotate", "flipUpDown"]) expect(draws(turned, name)).toEqual(draws(both, name));
      for (const { drawn } of appliedAndDrawn(both, images)) {
        const [{ order }, ...steps] = drawn as [{ order: number[] }, ...{ path: string }[]];
        expect(steps.map(({ path }) => path)).toEqual(order.map((step) => ["rotate", "flipUpDown"][step]));
      }
    });
  });

  it("says when a step changes the shape", () => {
    expect(() => randomOrder([centerCrop({ size: 2 })]).apply(noise([2, 6, 6, 1]), context(2))).toThrow(
      "randomOrder: all images must come out as [N, 6, 6, 1]; some came out as [N, 2, 2, 1]. Crop before it or after it.",
    );
    expect(() => randomOrder([])).toThrow("randomOrder: `steps` must be a list of at least one augmentation;");
  });
});
