import "@simclr/backend-onednn/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { centerCrop, randomResizedCrop } from "./crop.js";
import { applied, context, noise } from "./test-images.js";

describe("randomResizedCrop", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("is the golden row of the chosen kernel where the crop is the whole image", () => {
      const row = tf.tensor4d(
        [0, 1, 2, 3].flatMap((v) => [v, v, v, v]).map((v) => v / 4),
        [1, 4, 4, 1],
      );
      const upright = tf.transpose(row, [0, 2, 1, 3]); // along the width: 0, 1/4, 2/4, 3/4
      const golden = {
        "tf1-bicubic": [0, 0.40625, 1, 1.5, 2, 2.59375, 3, 3.09375],
        "tf2-bicubic": [-0.08824, 0.16788, 0.70992, 1.25, 1.75, 2.29008, 2.83212, 3.08824],
      } as const;
      for (const kernel of ["tf1-bicubic", "tf2-bicubic"] as const) {
        const whole = randomResizedCrop({ size: 8, kernel, area: [1, 1], aspect: [1, 1] });
        const [image] = applied(whole, upright as tf.Tensor4D);
        expectClose(
          image!.subarray(0, 8),
          golden[kernel].map((v) => v / 4),
          { atol: 2e-6 },
        ); // five decimals, quartered
      }
    });

    it("shows parts of the image: a plane with slopes keeps them within the crop's range of scales", () => {
      // Pixel (y, x) holds x / 100, so the slope of a view is the crop's width / size.
      const plane = tf.tile(tf.reshape(tf.div(tf.range(0, 100), 100), [1, 1, 100, 1]), [64, 100, 1, 1]) as tf.Tensor4D;
      const slopes = applied(randomResizedCrop({ size: 20 }), plane).map((view) => (view[15]! - view[5]!) * 10);
      const widths = slopes.map((slope) => slope * 20); // ten steps of a width / 20 hundredths
      expect(Math.min(...widths)).toBeGreaterThan(26); // the narrowest: aspect 3/4 and a tenth of the area
      expect(Math.max(...widths)).toBeLessThanOrEqual(100.01);
      expect(new Set(widths.map(Math.round)).size).toBeGreaterThan(20);
    });

    it("leaves only its result in memory", () => {
      const images = noise([3, 20, 20, 3]);
      expectNewTensors(1, () => randomResizedCrop({ size: 8 }).apply(images, context(3)));
      expectNewTensors(1, () => centerCrop({ size: 8 }).apply(images, context(3)));
      expectNewTensors(1, () => centerCrop({ size: 20, fraction: 1 }).apply(images, context(3)));
    });
  });

  it("says what is wrong with its options", () => {
    expect(() => randomResizedCrop({ size: 0 })).toThrow("`size` must be an integer >= 1; received 0.");
    expect(() => randomResizedCrop({ size: 8, area: [0, 1] })).toThrow(
      'augmentation "randomResizedCrop": `area` must be a range [low, high] with 0 < low <= high <= 1; received [0, 1].',
    );
    expect(() => centerCrop({ size: 8, fraction: 0 })).toThrow("`fraction` must be in (0, 1]; received 0.");
  });
});

describe("centerCrop", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("cuts 28 of 32 pixels out at offset 2, untouched where no resize is needed", () => {
      const images = noise([2, 32, 32, 3]);
      const expected = tf.slice(images, [0, 2, 2, 0], [2, 28, 28, 3]);
      const result = centerCrop({ size: 28 }).apply(images, context(2));
      expect(result.dataSync()).toEqual(expected.dataSync());
    });

    it("takes the middle of the longer side", () => {
      const images = noise([1, 10, 16, 1]);
      const result = centerCrop({ size: 10, fraction: 1 }).apply(images, context(1));
      expect(result.dataSync()).toEqual(tf.slice(images, [0, 0, 3, 0], [1, 10, 10, 1]).dataSync()); // (16 - 10 + 1) / 2
    });
  });
});
