import "@simclr/backend-onednn/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { rotateImages } from "./rotate-images.js";

describe("rotateImages", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("turns each image by its own angle, counter-clockwise", () => {
      const images = tf.tile(tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]), [4, 1, 1, 1]) as tf.Tensor4D;
      const radians = [0, Math.PI / 2, Math.PI, -Math.PI / 2];
      const expected = [1, 2, 3, 4, 2, 4, 1, 3, 4, 3, 2, 1, 3, 1, 4, 2];
      expectClose(rotateImages(images, { radians }), expected, { atol: 1e-5 }); // cosines of a quarter turn, in float32
    });

    it("blends with what is outside where an image is turned by an eighth", () => {
      // The corners of a 3 x 3 image come from sqrt(2) away from the middle: beyond the edge by 0.4142 of a pixel.
      const white = tf.ones<tf.Rank.R4>([1, 3, 3, 2]);
      const corner = 1 - (Math.SQRT2 - 1) * 0.75; // the rest is fill, 0.25
      const row = [corner, corner, 1, 1, corner, corner];
      const middle = new Array<number>(6).fill(1);
      const turned = rotateImages(white, { radians: [Math.PI / 4], fill: 0.25 });
      expectClose(turned, [...row, ...middle, ...row], { atol: 1e-5 });
    });

    it("leaves only its result in memory", () => {
      const images = tf.ones<tf.Rank.R4>([2, 3, 4, 3]);
      expectNewTensors(1, () => rotateImages(images, { radians: [0.1, 0.2] }));
    });
  });

  it("needs an angle for each image", () => {
    expect(() => rotateImages(tf.zeros([2, 3, 3, 1]), { radians: [1] })).toThrow(
      "rotateImages: `radians` must hold one angle per image, 2; received 1.",
    );
  });
});
