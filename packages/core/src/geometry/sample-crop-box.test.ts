import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CropBox, RandomCropSpec } from "../crop-spec.js";
import { Random } from "../random.js";
import { sampleCropBox } from "./sample-crop-box.js";

const reference: RandomCropSpec = {
  kind: "random-resized-crop",
  size: 224,
  sampler: "tf",
  area: [0.08, 1],
  aspect: [3 / 4, 4 / 3],
  kernel: "tf1-bicubic",
};
const torchvision: RandomCropSpec = { ...reference, sampler: "torchvision" };

function draw(count: number, spec: RandomCropSpec, height: number, width: number): CropBox[] {
  const random = Random.fromSeed(11);
  return Array.from({ length: count }, (_, i) => sampleCropBox(random.fork(i), spec, height, width));
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe("sampleCropBox, as TensorFlow draws it", () => {
  const count = 20_000;
  const boxes = draw(count, reference, 224, 224);
  const areas = boxes.map((box) => (box.height * box.width) / 224 ** 2).sort((a, b) => a - b);

  it("has the deciles of area that TensorFlow has on 224x224 images", () => {
    const deciles = [0.1, 0.141, 0.191, 0.25, 0.316, 0.389, 0.469, 0.559, 0.654, 0.757, 1];
    for (let i = 1; i < 10; i++) {
      // Both quantiles come from 20,000 draws: sqrt(2 p (1 - p) / n) / density, four of them, and rounding to 0.001.
      const p = i / 10;
      const density = 0.2 / (deciles[i + 1]! - deciles[i - 1]!);
      const tolerance = (4 * Math.sqrt((2 * p * (1 - p)) / count)) / density + 0.0005;
      expect(Math.abs(areas[Math.floor(p * count)]! - deciles[i]!), `decile ${i}`).toBeLessThan(tolerance);
    }
    expect(areas.at(-1)!).toBeGreaterThan(0.99);
    expect(Math.abs(mean(areas) - 0.422)).toBeLessThan(0.0105); // 4 standard errors of 0.26 / sqrt(10,000)
  });

  it("never covers less than a tenth of the image, although the range of areas starts at 0.08", () => {
    expect(areas[0]!).toBeGreaterThanOrEqual(0.1);
    expect(areas[0]!).toBeLessThan(0.1005);
  });

  it("draws heights uniformly where the image does not limit them", () => {
    // One aspect: h is uniform on round(sqrt(0.25 * 224^2)) … 224, both included.
    const square = draw(count, { ...reference, area: [0.25, 1], aspect: [1, 1] }, 224, 224);
    const heights = square.map((box) => box.height);
    expect(Math.min(...heights)).toBe(112);
    expect(Math.max(...heights)).toBe(224);
    expect(Math.abs(mean(heights) - 168)).toBeLessThan(4 * (113 / Math.sqrt(12 * count)));
    expect(square.every((box) => box.width === box.height)).toBe(true);
  });

  it("never touches the bottom or right edge unless it spans the image", () => {
    for (const { top, left, height, width } of draw(5_000, reference, 12, 9)) {
      expect(top === 0 || top + height < 12).toBe(true);
      expect(left === 0 || left + width < 9).toBe(true);
    }
  });

  it("falls back to the whole image where no aspect fits", () => {
    expect(draw(50, reference, 400, 4)).toEqual(
      Array.from({ length: 50 }, () => ({ top: 0, left: 0, height: 400, width: 4 })),
    );
  });
});

describe("sampleCropBox, as torchvision draws it", () => {
  it("has a uniform area and a log-uniform aspect", () => {
    const count = 20_000;
    // On 2000x2000 and areas up to 0.5 nothing is rejected, and rounding is negligible.
    const boxes = draw(count, { ...torchvision, area: [0.1, 0.5] }, 2000, 2000);
    const areas = boxes.map((box) => (box.height * box.width) / 4e6);
    const aspects = boxes.map((box) => Math.log(box.width / box.height));
    expect(Math.abs(mean(areas) - 0.3)).toBeLessThan(4 * (0.4 / Math.sqrt(12 * count)));
    const deviation = Math.sqrt(mean(areas.map((area) => (area - 0.3) ** 2)));
    expect(Math.abs(deviation - 0.4 / Math.sqrt(12))).toBeLessThan(0.002);
    expect(Math.abs(mean(aspects))).toBeLessThan(4 * ((2 * Math.log(4 / 3)) / Math.sqrt(12 * count)));
  });

  it("reaches the bottom and right edges", () => {
    const boxes = draw(2_000, torchvision, 12, 9);
    expect(boxes.some((box) => box.top > 0 && box.top + box.height === 12)).toBe(true);
    expect(boxes.some((box) => box.left > 0 && box.left + box.width === 9)).toBe(true);
  });

  it("falls back to the largest central box of an allowed aspect", () => {
    expect(draw(1, torchvision, 400, 4)[0]).toEqual({ top: 197, left: 0, height: 5, width: 4 }); // 4 / 0.75 = 5.33
    expect(draw(1, torchvision, 6, 400)[0]).toEqual({ top: 0, left: 196, height: 6, width: 8 }); // 6 * 4/3
  });
});

describe("sampleCropBox", () => {
  it("lies within every image, for both samplers", () => {
    const side = fc.integer({ min: 1, max: 300 });
    fc.assert(
      fc.property(fc.nat(), side, side, fc.boolean(), (seed, height, width, tf) => {
        const box = sampleCropBox(Random.fromSeed(seed), tf ? reference : torchvision, height, width);
        expect(box.height >= 1 && box.width >= 1 && box.top >= 0 && box.left >= 0).toBe(true);
        expect(box.top + box.height <= height && box.left + box.width <= width).toBe(true);
      }),
      { numRuns: 400, seed: 3 },
    );
  });

  it("says what is wrong with a specification", () => {
    const random = Random.fromSeed(1);
    expect(() => sampleCropBox(random, { ...reference, area: [0.5, 1.5] }, 8, 8)).toThrow(
      "sampleCropBox: `area` must be a range [low, high] with 0 < low <= high <= 1; received [0.5, 1.5].",
    );
    expect(() => sampleCropBox(random, { ...reference, aspect: [2, 1] }, 8, 8)).toThrow(
      "sampleCropBox: `aspect` must be a range [low, high] with 0 < low <= high; received [2, 1].",
    );
    expect(() => sampleCropBox(random, reference, 0, 8)).toThrow(
      "sampleCropBox: `height` must be an integer >= 1; received 0.",
    );
    expect(() => sampleCropBox(random, { ...reference, sampler: "pil" as "tf" }, 8, 8)).toThrow(
      'sampleCropBox: `sampler` must be one of "tf", "torchvision"; received "pil".',
    );
  });
});
