import "@simclr/backend-onednn/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { hsvToRgb, rgbToHsv } from "./hsv.js";

/** RGB and HSV by `colorsys.rgb_to_hsv` of Python's standard library; the named colours are by definition. */
const COLOURS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [1, 0, 0],
    [0, 1, 1],
  ],
  [
    [0, 1, 0],
    [1 / 3, 1, 1],
  ],
  [
    [0, 0, 1],
    [2 / 3, 1, 1],
  ],
  [
    [1, 1, 0],
    [1 / 6, 1, 1],
  ],
  [
    [1, 0, 1],
    [5 / 6, 1, 1],
  ],
  [
    [0, 0, 0],
    [0, 0, 0],
  ],
  [
    [0.5, 0.5, 0.5],
    [0, 0, 0.5],
  ],
  // colorsys
  [
    [0.134, 0.847, 0.764],
    [0.4805984, 0.8417946, 0.847],
  ],
  [
    [0.255, 0.495, 0.449],
    [0.4680556, 0.4848485, 0.495],
  ],
  [
    [0.652, 0.789, 0.094],
    [0.1995204, 0.8808619, 0.789],
  ],
  [
    [0.028, 0.836, 0.433],
    [0.4168729, 0.9665072, 0.836],
  ],
  [
    [0.762, 0.002, 0.445],
    [0.9028509, 0.9973753, 0.762],
  ],
  [
    [0.722, 0.229, 0.945],
    [0.7814246, 0.757672, 0.945],
  ],
];
const rgb = (): tf.Tensor4D =>
  tf.tensor4d(
    COLOURS.flatMap(([value]) => value),
    [1, COLOURS.length, 1, 3],
  );
const hsv = (): tf.Tensor4D =>
  tf.tensor4d(
    COLOURS.flatMap(([, value]) => value),
    [1, COLOURS.length, 1, 3],
  );

describe("HSV", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("is what colorsys gives", () => {
      expectClose(rgbToHsv(rgb()), hsv(), { atol: 1e-6 }); // fixtures have 7 decimals
    });

    it("leads back to RGB, whole turns of hue included", () => {
      expectClose(hsvToRgb(hsv()), rgb(), { atol: 2e-6 });
      for (const turns of [-2, 1]) {
        const turned = tf.add(hsv(), tf.tensor4d([turns, 0, 0], [1, 1, 1, 3])) as tf.Tensor4D;
        expectClose(hsvToRgb(turned), rgb(), { atol: 2e-6 });
      }
    });

    it("gives saturation 0 where the value is not positive", () => {
      expectClose(rgbToHsv(tf.tensor4d([-0.5, -0.25, -0.25], [1, 1, 1, 3])), [0.5, 0, -0.25], { atol: 1e-6 });
    });

    it("leaves only its result in memory", () => {
      const images = rgb();
      expectNewTensors(1, () => rgbToHsv(images));
      expectNewTensors(1, () => hsvToRgb(images));
    });

    it("says that it needs RGB", () => {
      expect(() => rgbToHsv(tf.zeros([2, 4, 4, 1]))).toThrow(
        "rgbToHsv: `images` must have shape [any, any, any, 3]; received [2, 4, 4, 1]. Colour operations need RGB images.",
      );
    });
  });
});
