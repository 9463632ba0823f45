import "@simclr/backend-onednn/register";
import { describeBackends } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import { randomErasing } from "./random-erasing.js";
import { appliedAndDrawn, noise, repeat } from "./test-images.js";

type Box = Record<"top" | "left" | "height" | "width", number>;

/** Which values of [H, W, C] images lie in a box. */
const inBox = ({ top, left, height, width }: Box, k: number, W: number, C: number): boolean => {
  const [y, x] = [Math.floor(k / (W * C)), Math.floor(k / C) % W];
  return y >= top && y < top + height && x >= left && x < left + width;
};

describe("randomErasing", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("fills the box that it drew, and leaves the rest to the last bit", () => {
      const image = noise([1, 20, 30, 2]);
      const plain = [...image.dataSync()];
      let erased = 0;
      for (const { values, drawn } of appliedAndDrawn(randomErasing({ fill: 0.25 }), repeat(300, image))) {
        const box = drawn[0] as unknown as Box & { applied: boolean };
        const expected = plain.map((value, k) => (box.applied && inBox(box, k, 30, 2) ? 0.25 : value));
        expect([...values]).toEqual(expected);
        erased += Number(box.applied);
      }
      expect(Math.abs(erased - 150)).toBeLessThan(4 * Math.sqrt(75));
    });

    it("keeps boxes within the image, their area and shape within the ranges, and lets them reach every edge", () => {
      const image = noise([1, 40, 40, 1]);
      const options = { probability: 1, area: [0.1, 0.3], aspect: [0.5, 2] } as const;
      const boxes = appliedAndDrawn(randomErasing(options), repeat(300, image)).map(
        ({ drawn }) => drawn[0] as unknown as Box,
      );
      for (const { top, left, height, width } of boxes) {
        expect(Math.min(top, left)).toBeGreaterThanOrEqual(0);
        expect(Math.max(top + height, left + width)).toBeLessThanOrEqual(40);
        // Sides are rounded to whole pixels; the shortest possible one has 8.9.
        expect((height * width) / 1600).toBeGreaterThan(0.1 * 0.9);
        expect((height * width) / 1600).toBeLessThan(0.3 * 1.1);
        expect(width / height).toBeGreaterThan(0.5 * 0.9);
        expect(width / height).toBeLessThan(2 * 1.1);
      }
      expect(Math.min(...boxes.map(({ top }) => top))).toBe(0);
      expect(Math.max(...boxes.map(({ top, height }) => top + height))).toBe(40);
      const wide = boxes.filter(({ height, width }) => width > height).length; // half of them, on a logarithmic scale
      expect(Math.abs(wide - 150)).toBeLessThan(4 * Math.sqrt(75) + 15); // and some are square
    });

    it("fills with noise where it is asked to, other noise in each image", () => {
      const black = repeat(20, noise([1, 16, 16, 3]));
      const option = { probability: 1, area: 0.25, aspect: 1, fill: "noise" } as const;
      const seen: number[] = [];
      for (const { values, drawn } of appliedAndDrawn(randomErasing(option), black)) {
        const box = drawn[0] as unknown as Box;
        expect([box.height, box.width]).toEqual([8, 8]); // cutout: a quarter of 16 x 16
        seen.push(...values.filter((_, k) => inBox(box, k, 16, 3)));
      }
      expect(new Set(seen).size).toBeGreaterThan(0.99 * seen.length);
      const mean = seen.reduce((a, b) => a + b) / seen.length;
      expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * seen.length));
    });
  });

  it("leaves an image in which no box fits", () => {
    const image = noise([1, 1, 50, 1]);
    const [{ values, drawn }] = appliedAndDrawn(randomErasing({ probability: 1 }), image) as [
      ReturnType<typeof appliedAndDrawn>[number],
    ];
    expect(drawn).toEqual([{ applied: false, path: "" }]);
    expect(values).toEqual(image.dataSync());
  });

  it("says what a box may be", () => {
    expect(() => randomErasing({ area: 2 })).toThrow(
      "randomErasing: `area` must be a number or a range [low, high] within [0, 1]; received 2. It is a fraction of the image's area.",
    );
    expect(() => randomErasing({ area: [0, 0.5] })).toThrow(
      "randomErasing: `area` must lie within (0, 1) and `aspect` be > 0; received area [0, 0.5] and aspect [0.3, 3.3]. Lower `probability` to erase less often.",
    );
    expect(() => randomErasing({ fill: 2 })).toThrow(
      'randomErasing: `fill` must be in [0, 1]; received 2. Or pass "noise".',
    );
  });
});
