import "@simclr/backend-onednn/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { clip } from "./clip.js";
import { flipLeftRight } from "./flip.js";
import { grayscale } from "./grayscale.js";
import { applied, context, noise, repeat } from "./test-images.js";
import { toImages } from "./to-images.js";

const count = 600;
/** Four standard deviations of a count with this probability. */
const spread = (probability: number): number => 4 * Math.sqrt(count * probability * (1 - probability));

describeBackends(["cpu", "onednn"], () => {
  describe("flipLeftRight", () => {
    it("mirrors half of the images, and leaves the others", () => {
      const image = noise([1, 2, 3, 2]);
      const plain = [...image.dataSync()];
      const mirrored = [...tf.reverse(image, 2).dataSync()];
      let flips = 0;
      for (const result of applied(flipLeftRight(), repeat(count, image))) {
        const flipped = result[0] === mirrored[0];
        expect([...result]).toEqual(flipped ? mirrored : plain);
        flips += Number(flipped);
      }
      expect(Math.abs(flips - count / 2)).toBeLessThan(spread(0.5));
    });
  });

  describe("grayscale", () => {
    it("weighs red, green and blue as TensorFlow does", () => {
      const image = tf.tensor4d([1, 0, 0, 0, 1, 0, 0, 0, 1], [1, 1, 3, 3]);
      const expected = [0.2989, 0.587, 0.114].flatMap((weight) => [weight, weight, weight]);
      expectClose(applied(grayscale({ probability: 1 }), image)[0]!, expected, { atol: 1e-7 });
    });

    it("takes the colours of a fifth of the images, and leaves the others to the last bit", () => {
      const image = noise([1, 2, 2, 3]);
      const results = applied(grayscale(), repeat(count, image));
      const gray = results.filter((result) => result[0] === result[1] && result[1] === result[2]);
      const plain = results.filter((result) => result.every((value, i) => value === image.dataSync()[i]));
      expect(gray.length + plain.length).toBe(count);
      expect(Math.abs(gray.length - 0.2 * count)).toBeLessThan(spread(0.2));
    });
  });

  describe("clip", () => {
    it("ends overshoot", () => {
      const images = tf.tensor4d([-0.1, 0, 0.5, 1, 1.2], [1, 1, 5, 1]);
      expectClose(applied(clip(), images)[0]!, [0, 0, 0.5, 1, 1], {});
    });
  });

  describe("toImages", () => {
    it("divides bytes by 255, and by nothing else", () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      const images = toImages({ images: bytes, shape: [2, 8, 16, 1] });
      expect(images.shape).toEqual([2, 8, 16, 1]);
      // Float32 division; a backend may multiply by the reciprocal, which is one unit in the last place off.
      expectClose(
        images,
        Array.from(bytes, (value) => value / 255),
        { atol: 6e-8 },
      );
    });
  });

  it("leave only their results in memory", () => {
    const images = noise([4, 6, 6, 3]);
    for (const augmentation of [flipLeftRight(), grayscale(), clip()])
      expectNewTensors(1, () => augmentation.apply(images, context(4)));
    expectNewTensors(1, () => toImages({ images: new Uint8Array(12), shape: [1, 2, 2, 3] }));
  });
});

describe("pixel augmentations", () => {
  it("say what they need", () => {
    expect(() => flipLeftRight({ probability: 2 })).toThrow(
      "flipLeftRight: `probability` must be in [0, 1]; received 2.",
    );
    expect(() => grayscale().apply(tf.zeros([1, 2, 2, 4]), context(1))).toThrow(
      "grayscale: `images` must have shape [any, any, any, 3]; received [1, 2, 2, 4]. Decode images as RGB, or take colorJitter and grayscale out of the recipe.",
    );
    expect(() => toImages({ images: new Uint8Array(11), shape: [1, 2, 2, 3] })).toThrow(
      "toImages: `batch.images` must hold 12 bytes, as its shape [1, 2, 2, 3] says; received 11.",
    );
  });
});
