import { describe, expect, it } from "vitest";
import { wilsonInterval } from "./wilson.js";

describe("wilsonInterval", () => {
  // Newcombe 1998, "Two-sided confidence intervals for the single proportion", Table I, method 3; the last two by algebra.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    [29, 29, 0.883, 1],
    [50, 100, 0.4038, 0.5962],
  ])("meets the published values for %i of %i", (right, count, low, high) => {
    const interval = wilsonInterval(right / count, count);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it("solves the equation that defines it: (p - share)^2 = z^2 p (1 - p) / n", () => {
    const { low, high } = wilsonInterval(0.83, 5000);
    for (const p of [low, high]) {
      expect((p - 0.83) ** 2).toBeCloseTo((1.959963984540054 ** 2 * p * (1 - p)) / 5000, 12);
    }
  });

  it("refuses a share in per cent and an empty test set", () => {
    expect(() => wilsonInterval(91.2, 100)).toThrow("wilsonInterval: `share` must be in [0, 1]; received 91.2.");
    expect(() => wilsonInterval(0.5, 0)).toThrow("`count` must be an integer >= 1; received 0.");
  });
});
