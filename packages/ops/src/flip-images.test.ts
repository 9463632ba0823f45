import "@simclr/backend-onednn/register";
import { describeBackends, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { flipImages } from "./flip-images.js";

describe("flipImages", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("mirrors the chosen images and leaves the others, bit for bit", () => {
      const images = tf.randomUniform<tf.Rank.R4>([3, 2, 5, 2], -1, 2, "float32", 8);
      const [first, second, third] = tf.split(images, 3) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const expected = tf.concat([tf.reverse(first, 2), second, tf.reverse(third, 2)], 0);
      expect(flipImages(images, [1, 0, 1]).dataSync()).toEqual(expected.dataSync());
      expect(flipImages(images, [0, 0, 0]).dataSync()).toEqual(images.dataSync());
    });

    it("leaves only its result in memory", () => {
      const images = tf.ones<tf.Rank.R4>([2, 3, 3, 3]);
      expectNewTensors(1, () => flipImages(images, [0, 1]));
    });
  });

  it("says when there is not one choice per image", () => {
    expect(() => flipImages(tf.ones([2, 3, 3, 3]), [1])).toThrow(
      "flipImages: `flipped` must have one entry per image, 2; received 1.",
    );
  });
});
