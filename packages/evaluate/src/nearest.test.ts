import { Random } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { Nearest } from "./nearest.js";

describe("Nearest", () => {
  it("keeps the k first of the rows sorted by similarity, then by index, on rows full of ties", () => {
    const random = Random.fromSeed(3);
    for (const k of [1, 2, 7, 40]) {
      const nearest = new Nearest(k);
      for (let trial = 0; trial < 50; trial++) {
        const row = Float32Array.from({ length: 40 }, () => random.integer(-4, 4) / 4);
        const sorted = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, k);
        nearest.select(row);
        expect([...nearest.indices].sort((a, b) => a - b)).toEqual(sorted.sort((a, b) => a - b));
        expect([...nearest.similarities]).toEqual([...nearest.indices].map((index) => row[index]));
      }
    }
  });
});
