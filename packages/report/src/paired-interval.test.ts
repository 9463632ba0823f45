import { expect, it } from "vitest";
import { pairedInterval } from "./paired-interval.js";

it("is symmetric where both differ equally often, as wide as the formula says", () => {
  // b = c = 0.5, n = 100: half = z / 100 * sqrt(1).
  const { low, high } = pairedInterval(0, 0, 98);
  expect(high).toBeCloseTo(0.01959964, 7);
  expect(low).toBe(-high);
});

it("is centred between the difference and 0, and keeps inside [-1, 1]", () => {
  // b = 30.5, c = 10.5, n = 102: difference 20 / 102, half = z / 102 * sqrt(41 - 400 / 102).
  const { low, high } = pairedInterval(30, 10, 100);
  expect((low + high) / 2).toBeCloseTo(20 / 102, 12);
  expect((high - low) / 2).toBeCloseTo((1.959963984540054 / 102) * Math.sqrt(41 - 400 / 102), 12);
  expect(pairedInterval(2, 0, 2)).toEqual({ low: expect.any(Number), high: 1 });
  expect(() => pairedInterval(3, 0, 2)).toThrow(
    "`count` must be at least 3, the trials on which the two differ; received 2",
  );
});
