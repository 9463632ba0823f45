import "@simclr/backend-onednn/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { rotate } from "./rotate.js";
import { applied, appliedAndDrawn, noise, repeat } from "./test-images.js";

/** Bilinear rotation of one [H, W, C] image about its centre, pixel by pixel, in float64. */
function rotatedByLoops(
  image: ArrayLike<number>,
  [height, width, channels]: readonly [number, number, number],
  degrees: number,
  fill: number,
): number[] {
  const angle = (degrees * Math.PI) / 180;
  const at = (y: number, x: number, c: number) =>
    y >= 0 && y < height && x >= 0 && x < width ? image[(y * width + x) * channels + c]! : fill;
  const result: number[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        const [u, v] = [x - (width - 1) / 2, y - (height - 1) / 2];
        const fromX = u * Math.cos(angle) - v * Math.sin(angle) + (width - 1) / 2;
        const fromY = u * Math.sin(angle) + v * Math.cos(angle) + (height - 1) / 2;
        const [x0, y0] = [Math.floor(fromX), Math.floor(fromY)];
        const [dx, dy] = [fromX - x0, fromY - y0];
        const top = (1 - dx) * at(y0, x0, c) + dx * at(y0, x0 + 1, c);
        const bottom = (1 - dx) * at(y0 + 1, x0, c) + dx * at(y0 + 1, x0 + 1, c);
        result.push((1 - dy) * top + dy * bottom);
      }
  return result;
}

describe("rotate", () => {
  // Coordinates of up to 20 pixels are off by 2e-6 in float32, and neighbours differ by up to 1.
  const rounding = { atol: 1e-5 };

  describeBackends(["cpu", "onednn"], () => {
    it("turns counter-clockwise: a quarter moves 1 2 / 3 4 to 2 4 / 1 3", () => {
      const image = tf.tensor4d([0.1, 0.2, 0.3, 0.4], [1, 2, 2, 1]);
      expectClose(applied(rotate({ degrees: 90 }), image)[0]!, [0.2, 0.4, 0.1, 0.3], rounding);
      expectClose(applied(rotate({ degrees: -180 }), image)[0]!, [0.4, 0.3, 0.2, 0.1], rounding);
    });

    it("is what loops over the pixels of each image give", () => {
      const shape = [12, 20, 2] as const;
      const images = noise([6, ...shape]);
      const length = 12 * 20 * 2;
      for (const fill of [0, 0.75])
        for (const [i, { values, drawn }] of appliedAndDrawn(
          rotate({ degrees: [-180, 180], fill }),
          images,
        ).entries()) {
          const image = images.dataSync().subarray(i * length, (i + 1) * length);
          expectClose(values, rotatedByLoops(image, shape, drawn[0]!.degrees as number, fill), rounding);
        }
    });

    it("draws angles evenly in its range, and leaves the images that it does not rotate", () => {
      const image = noise([1, 3, 3, 1]);
      const results = appliedAndDrawn(rotate({ probability: 0.5, degrees: [-10, 30] }), repeat(400, image));
      const angles = results.flatMap(({ drawn }) => (drawn[0]!.applied ? [drawn[0]!.degrees as number] : []));
      for (const { values, drawn } of results) if (!drawn[0]!.applied) expect(values).toEqual(image.dataSync());
      expect(Math.abs(angles.length - 200)).toBeLessThan(40); // four standard deviations
      expect(Math.min(...angles)).toBeGreaterThanOrEqual(-10);
      expect(Math.max(...angles)).toBeLessThan(30);
      const mean = angles.reduce((a, b) => a + b) / angles.length;
      expect(Math.abs(mean - 10)).toBeLessThan((4 * 40) / Math.sqrt(12 * angles.length));
    });
  });

  it("says what angles may be", () => {
    expect(() => rotate({ degrees: [10, -10] })).toThrow(
      "rotate: `degrees` must be a number or a range [low, high] within [-360, 360]; received [10, -10]. Angles are in degrees, counter-clockwise.",
    );
    expect(() => rotate({ fill: 255 })).toThrow("rotate: `fill` must be in [0, 1]; received 255.");
  });
});
