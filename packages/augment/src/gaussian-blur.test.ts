import "@simclr/backend-onednn/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { gaussianBlur } from "./gaussian-blur.js";
import { applied, context, noise, repeat } from "./test-images.js";

/** Black images with one white pixel at (size / 2, size / 2). */
function points(batchSize: number, size: number): tf.Tensor4D {
  const image = new Float32Array(size * size);
  image[(size / 2) * size + size / 2] = 1;
  return repeat(batchSize, tf.tensor4d(image, [1, size, size, 1]));
}

/** Sigma from the ratio of a tap to its neighbour, exp(1 / (2 sigma^2)); 0 where the point is still a point. */
function sigmaOf(image: Float32Array, size: number): number {
  const centre = (size / 2) * size + size / 2;
  return image[centre] === 1 ? 0 : Math.sqrt(1 / (2 * Math.log(image[centre]! / image[centre + 1]!)));
}

describe("gaussianBlur", () => {
  describeBackends(["cpu", "onednn"], () => {
    it.each([
      [32, 3],
      [96, 9],
      [224, 23],
    ])("blurs images of %i pixels with %i taps a side", (size, taps) => {
      const [image] = applied(gaussianBlur({ probability: 1, sigma: [2, 2] }), points(1, size));
      expect(image!.filter((value) => value > 0).length).toBe(taps ** 2);
    });

    it("has the reference's taps for sigma 1", () => {
      const [image] = applied(gaussianBlur({ probability: 1, sigma: [1, 1] }), points(1, 32));
      const taps = [0.27406862, 0.45186276, 0.27406862];
      for (let y = 0; y < 3; y++)
        expectClose(
          image!.subarray((15 + y) * 32 + 15, (15 + y) * 32 + 18),
          taps.map((tap) => tap * taps[y]!),
          { atol: 1e-7 },
        );
    });

    it("blurs half of the images, all of them with one sigma", () => {
      const sigmas = applied(gaussianBlur({ sigma: [0.5, 2] }), points(200, 20)).map((image) => sigmaOf(image, 20));
      const blurred = sigmas.filter((sigma) => sigma > 0);
      expect(Math.abs(blurred.length - 100)).toBeLessThan(4 * Math.sqrt(50));
      expect(new Set(blurred.map((sigma) => sigma.toFixed(4))).size).toBe(1);
      expect(blurred[0]).toBeGreaterThan(0.5);
      expect(blurred[0]).toBeLessThan(2);
      const [other] = applied(gaussianBlur({ probability: 1, sigma: [0.5, 2] }), points(1, 20), 2);
      expect(Math.abs(sigmaOf(other!, 20) - blurred[0]!)).toBeGreaterThan(1e-3);
    });

    it("draws one sigma per image where asked to", () => {
      const option = { probability: 1, sigma: [0.5, 2], sigmaPer: "image" } as const;
      const sigmas = applied(gaussianBlur(option), points(100, 20)).map((image) => sigmaOf(image, 20));
      expect(new Set(sigmas.map((sigma) => sigma.toFixed(4))).size).toBeGreaterThan(95);
      expect(Math.abs(sigmas.reduce((a, b) => a + b) / 100 - 1.25)).toBeLessThan(4 * (1.5 / Math.sqrt(1200)));
    });

    it("only clips small images, and leaves only its result in memory", () => {
      const images = tf.tensor4d([-1, 0.5, 0.25, 2], [1, 2, 2, 1]);
      expectClose(applied(gaussianBlur({ probability: 1 }), images)[0]!, [0, 0.5, 0.25, 1], {});
      const noisy = noise([4, 20, 20, 3]);
      expectNewTensors(1, () => gaussianBlur().apply(noisy, context(4)));
    });
  });

  it("says what sigma may be", () => {
    expect(() => gaussianBlur({ sigma: [2, 1] })).toThrow(
      "gaussianBlur: `sigma` must be a range [low, high] with 0 < low <= high; received [2, 1].",
    );
  });
});
