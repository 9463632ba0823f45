import { Random } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { drawBeta } from "./draw-beta.js";

const count = 20_000;
const draws = (alpha: number): number[] => {
  const random = Random.fromSeed(8).fork(String(alpha));
  return Array.from({ length: count }, () => drawBeta(random, alpha));
};
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;

describe("drawBeta", () => {
  it("has the mean 1/2 and the variance 1 / (4 (2α + 1)) of Beta(α, α)", () => {
    for (const alpha of [0.1, 0.2, 0.5, 1, 2, 5]) {
      const values = draws(alpha);
      const variance = 1 / (4 * (2 * alpha + 1));
      expect(Math.abs(mean(values) - 0.5)).toBeLessThan(4 * Math.sqrt(variance / count));
      // The squared deviation is at most 1/4, so its own standard deviation is below sqrt(variance / 4).
      const measured = mean(values.map((x) => (x - 0.5) ** 2));
      expect(Math.abs(measured - variance)).toBeLessThan(4 * Math.sqrt(variance / 4 / count));
    }
  });

  it("is even for α = 1, and follows the arcsine law for α = 1/2", () => {
    const share = (values: readonly number[], limit: number) => values.filter((x) => x < limit).length / count;
    for (const limit of [0.1, 0.3, 0.5, 0.9]) {
      expect(Math.abs(share(draws(1), limit) - limit)).toBeLessThan(4 * Math.sqrt((limit * (1 - limit)) / count));
      const arcsine = (2 / Math.PI) * Math.asin(Math.sqrt(limit));
      expect(Math.abs(share(draws(0.5), limit) - arcsine)).toBeLessThan(4 * Math.sqrt(0.25 / count));
    }
  });

  it("stays a number in [0, 1] where gammas are too small for one", () => {
    for (const value of draws(1e-4)) expect(value >= 0 && value <= 1).toBe(true);
    expect(Math.abs(mean(draws(1e-4)) - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / count));
  });
});
