import { describe, expect, it } from "vitest";
import { meanInterval } from "./mean-interval.js";

describe("meanInterval", () => {
  it("is Student's interval", () => {
    // scipy.stats.t.interval(0.95, 2, loc=2, scale=1 / sqrt(3))
    const { mean, deviation, low, high, count } = meanInterval([1, 2, 3]);
    expect({ mean, deviation, count }).toEqual({ mean: 2, deviation: 1, count: 3 });
    expect(low).toBeCloseTo(-0.4841377, 3);
    expect(high).toBeCloseTo(4.4841377, 3);
  });

  it("goes over to the normal one", () => {
    // scipy.stats.t.ppf(0.975, 40) = 2.0210754
    const values = Array.from({ length: 41 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const { mean, deviation, high } = meanInterval(values);
    expect(((high! - mean) * Math.sqrt(41)) / deviation!).toBeCloseTo(2.0210754, 4);
  });

  it("knows nothing from one value, and takes no failed run", () => {
    expect(meanInterval([0.5])).toEqual({ mean: 0.5, deviation: undefined, low: undefined, high: undefined, count: 1 });
    expect(() => meanInterval([])).toThrow("meanInterval: `values` must be one finite number or more; received none.");
    expect(() => meanInterval([1, Number.NaN])).toThrow("received NaN at 1. Leave out what failed.");
  });
});
