import "@simclr/backend-onednn/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { gaussianNoise } from "./gaussian-noise.js";
import { applied, appliedAndDrawn, noise, repeat } from "./test-images.js";

describe("gaussianNoise", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("adds normal noise of the sigma that it drew, another to every value", () => {
      const size = 32 * 32 * 3;
      const gray = repeat(4, tf.fill([1, 32, 32, 3], 0.5));
      for (const { values, drawn } of appliedAndDrawn(gaussianNoise({ probability: 1, sigma: [0.02, 0.1] }), gray)) {
        const sigma = drawn[0]!.sigma as number;
        expect(sigma).toBeGreaterThanOrEqual(0.02);
        const noises = [...values].map((value) => (value - 0.5) / sigma); // 0.5 is five sigmas: hardly any is clipped
        const mean = noises.reduce((a, b) => a + b) / size;
        const variance = noises.reduce((sum, x) => sum + (x - mean) ** 2, 0) / size;
        const beyond = noises.filter((x) => Math.abs(x) > 1.96).length; // 5 % of a normal distribution
        expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(size));
        expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / size));
        expect(Math.abs(beyond - 0.05 * size)).toBeLessThan(4 * Math.sqrt(size * 0.05 * 0.95));
        expect(new Set(values).size).toBeGreaterThan(0.9 * size);
      }
    });

    it("clips to [0, 1], and leaves half of the images to the last bit", () => {
      const image = noise([1, 4, 4, 2]);
      const results = appliedAndDrawn(gaussianNoise({ sigma: 1 }), repeat(300, image));
      const plain = results.filter(({ drawn }) => !drawn[0]!.applied);
      for (const { values } of plain) expect(values).toEqual(image.dataSync());
      expect(Math.abs(plain.length - 150)).toBeLessThan(4 * Math.sqrt(75));
      const all = results.flatMap(({ values }) => [...values]);
      expect([Math.min(...all), Math.max(...all)]).toEqual([0, 1]);
    });

    it("adds nothing at sigma 0", () => {
      const image = noise([1, 3, 3, 1]);
      expectClose(applied(gaussianNoise({ probability: 1, sigma: 0 }), image)[0]!, image, {});
    });
  });

  it("says what sigma may be", () => {
    expect(() => gaussianNoise({ sigma: -1 })).toThrow(
      "gaussianNoise: `sigma` must be a number or a range [low, high] >= 0; received -1. Images are in [0, 1].",
    );
    expect(() => gaussianNoise({ sigma: Number.NaN })).toThrow("received NaN.");
  });
});
