import { describe, expect, it } from "vitest";
import { Random } from "./random.js";

const draws = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.uniform());

describe("Random", () => {
  it("gives the same numbers for the same seed and path, whatever was drawn before", () => {
    const first = Random.fromSeed(7);
    const before = draws(first.fork("augment", 3, 41, 1), 5);
    draws(first, 100);
    expect(draws(first.fork("augment", 3, 41, 1), 5)).toEqual(before);
    expect(draws(Random.fromSeed(7).fork("augment").fork(3, 41).fork(1), 5)).toEqual(before);
  });

  it("gives different streams for neighbouring seeds, paths and kinds of key", () => {
    const root = Random.fromSeed(1);
    const streams = [
      root,
      Random.fromSeed(2),
      root.fork(0),
      root.fork("0"),
      root.fork(""),
      root.fork(0, 0),
      root.fork(2 ** 32),
    ];
    expect(new Set(streams.map((stream) => stream.uniform())).size).toBe(streams.length);
  });

  it("is uniform over neighbouring streams", () => {
    const buckets = new Array<number>(64).fill(0);
    const root = Random.fromSeed(0);
    const count = 64_000;
    for (let i = 0; i < count; i++) buckets[Math.floor(root.fork("sample", i).uniform() * 64)]!++;
    const expected = count / 64;
    const chiSquare = buckets.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(103.4); // 99.9 % point of chi-square with 63 degrees of freedom
  });

  it("has the moments of the normal and of the normal truncated at two sigma", () => {
    const random = Random.fromSeed(5);
    const moments = (draw: () => number): [number, number] => {
      const values = Array.from({ length: 40_000 }, draw);
      const mean = values.reduce((a, b) => a + b) / values.length;
      return [mean, Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)];
    };
    const [mean, deviation] = moments(() => random.normal());
    expect(Math.abs(mean)).toBeLessThan(0.02); // 4 standard errors of 1/sqrt(40,000)
    expect(Math.abs(deviation - 1)).toBeLessThan(0.015);
    const [, truncated] = moments(() => random.truncatedNormal());
    expect(Math.abs(truncated - 0.87962566)).toBeLessThan(0.015);
  });

  it("draws integers from the half-open range, and permutations that hold each index once", () => {
    const random = Random.fromSeed(9);
    expect(new Set(Array.from({ length: 200 }, () => random.integer(3, 6)))).toEqual(new Set([3, 4, 5]));
    expect([...random.permutation(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it("refuses a seed that is not a whole number", () => {
    expect(() => Random.fromSeed(1.5)).toThrow("Random.fromSeed: `seed` must be an integer >= 0; received 1.5.");
  });

  it("travels as data", () => {
    const stream = Random.fromSeed(9).fork("a", 3);
    const copy = Random.fromKey(structuredClone(stream.key));
    stream.uniform();
    expect(copy.fork("b").uniform()).toBe(stream.fork("b").uniform());
    expect(copy.uniform()).toBe(Random.fromSeed(9).fork("a", 3).uniform());
  });
});
