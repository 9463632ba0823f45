import { Random } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { isNoisy, smooth, thin } from "./thin.js";

const noisy = (count: number) => {
  const random = Random.fromSeed(3);
  return Array.from({ length: count }, (_, step) => ({ step, value: 5 * Math.exp(-step / 2000) + random.uniform() }));
};

describe("thin", () => {
  it("leaves a short curve alone", () => {
    const points = noisy(500);
    expect(thin(points, 500)).toBe(points);
  });

  it("keeps at most the limit, in order, every point one of the curve's own", () => {
    for (const count of [501, 502, 997, 1000, 20_000]) {
      const points = noisy(count);
      const kept = thin(points, 500);
      expect(kept.length).toBeLessThanOrEqual(500);
      expect(kept.length).toBeGreaterThan(250);
      expect(kept[0]).toBe(points[0]);
      expect(kept.at(-1)).toBe(points.at(-1));
      kept.forEach((point, i) => {
        expect(points[point.step]).toBe(point);
        if (i > 0) expect(point.step).toBeGreaterThan(kept[i - 1]!.step);
      });
    }
  });

  it("keeps a single spike, so that a burst in the loss is seen", () => {
    const points = noisy(20_000);
    points[12_345] = { step: 12_345, value: 99 };
    points[15_000] = { step: 15_000, value: -99 };
    const values = thin(points, 500).map(({ value }) => value);
    expect(Math.max(...values)).toBe(99);
    expect(Math.min(...values)).toBe(-99);
  });
});

describe("smooth", () => {
  it("is the mean of the values around each point, and of those there are at the ends", () => {
    const points = [1, 4, 1, 7, 1].map((value, step) => ({ step, value }));
    expect(smooth(points, 1).map(({ value }) => value)).toEqual([2.5, 2, 4, 3, 4]);
  });

  it("leaves the inside of a straight line where it is", () => {
    const line = Array.from({ length: 50 }, (_, step) => ({ step, value: 3 - step / 8 })); // exact in binary
    expect(smooth(line, 7).slice(7, -7)).toEqual(line.slice(7, -7));
  });
});

describe("isNoisy", () => {
  it("tells a loss that jumps about from a learning rate that warms up and decays", () => {
    const schedule = Array.from({ length: 300 }, (_, step) => ({ step, value: Math.sin((step / 300) * Math.PI) }));
    expect(isNoisy(schedule)).toBe(false);
    expect(isNoisy(noisy(300))).toBe(true);
    expect(isNoisy([{ step: 0, value: 2 }])).toBe(false);
  });
});
