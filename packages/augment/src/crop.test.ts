import "@simclr/backend-onednn/register";
import { type CropBox, cropAndResizeHost, RESIZE_KERNELS } from "@simclr/core";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { centerCrop, randomResizedCrop } from "./crop.js";
import type { DrawnParameters } from "./record.js";
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

    it("covers what TensorFlow's sampler covers of 224 x 224 pixels: the deciles of the reference", () => {
      const count = 4000;
      const areas: number[] = [];
      const record = (_: number, { height, width }: DrawnParameters) =>
        void areas.push((Number(height) * Number(width)) / 224 ** 2);
      const images = tf.zeros<tf.Rank.R4>([count / 8, 224, 224, 1]);
      const crop = randomResizedCrop({ size: 1 });
      for (let seed = 0; seed < 8; seed++) crop.apply(images, { ...context(count / 8, seed), record });
      areas.sort((a, b) => a - b);
      const deciles = [0.1, 0.141, 0.191, 0.25, 0.316, 0.389, 0.469, 0.559, 0.654, 0.757, 1];
      for (let i = 1; i < 10; i++) {
        // Four standard errors of a quantile of these draws and of the reference's 20,000, and rounding to 0.001.
        const p = i / 10;
        const density = 0.2 / (deciles[i + 1]! - deciles[i - 1]!);
        const tolerance = (4 * Math.sqrt(p * (1 - p) * (1 / count + 1 / 20_000))) / density + 0.0005;
        expect(Math.abs(areas[Math.floor(p * count)]! - deciles[i]!), `decile ${i}`).toBeLessThan(tolerance);
      }
      expect(areas[0]).toBeGreaterThanOrEqual(0.1);
    });

    it("cuts what the host cuts, with every kernel, whatever the boxes of a batch are", async () => {
      const [count, side, size] = [12, 40, 14];
      const bytes = Uint8Array.from({ length: count * side * side * 3 }, (_, i) => (i * 7919) % 251);
      const images = tf.div(tf.tensor4d(Int32Array.from(bytes), [count, side, side, 3], "int32"), 255) as tf.Tensor4D;
      for (const kernel of RESIZE_KERNELS) {
        const boxes: CropBox[] = [];
        const record = (place: number, { top, left, height, width }: DrawnParameters): void => {
          boxes[place] = { top: Number(top), left: Number(left), height: Number(height), width: Number(width) };
        };
        const crops = randomResizedCrop({ size, kernel }).apply(images, { ...context(count), record });
        const values = await crops.data();
        const length = size * size * 3;
        expect(new Set(boxes.map(({ height }) => height)).size).toBeGreaterThan(5);
        for (const [i, box] of boxes.entries()) {
          const data = bytes.subarray(i * side * side * 3, (i + 1) * side * side * 3);
          const expected = cropAndResizeHost({ data, height: side, width: side, channels: 3 }, box, size, kernel);
          expectClose(values.slice(i * length, (i + 1) * length), expected, { atol: 2e-6 }); // float32, in another order
        }
        crops.dispose();
      }
      images.dispose();
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

    it.each([
      { height: 500, width: 375, top: 86, left: 24, side: 328 },
      { height: 256, width: 256, top: 16, left: 16, side: 224 },
      { height: 333, width: 333, top: 21, left: 21, side: 291 },
    ])(
      "takes the reference's $side pixels at ($top, $left) of $height x $width",
      ({ height, width, top, left, side }) => {
        const images = noise([1, height, width, 1]);
        const expected = tf.slice(images, [0, top, left, 0], [1, side, side, 1]);
        // At the size of the crop the resize moves every pixel with weight 1.
        expectClose(centerCrop({ size: side }).apply(images, context(1)), expected, {});
      },
    );

    it("takes the middle of the longer side", () => {
      const images = noise([1, 10, 16, 1]);
      const result = centerCrop({ size: 10, fraction: 1 }).apply(images, context(1));
      expect(result.dataSync()).toEqual(tf.slice(images, [0, 0, 3, 0], [1, 10, 10, 1]).dataSync()); // (16 - 10 + 1) / 2
    });
  });
});
