import { Random } from "@simclr/core";
import { describeBackends } from "@simclr/test-utils";
import { expect, it } from "vitest";
import { embeddingMap } from "./embedding-map.js";

/** `count` rows around each axis of a space of `dimension`. */
function groups(axes: number, count: number, dimension: number): Float32Array {
  const random = Random.fromSeed(3);
  return Float32Array.from({ length: axes * count * dimension }, (_, i) => {
    const [row, d] = [Math.floor(i / dimension), i % dimension];
    return (Math.floor(row / count) === d ? 1 : 0) + 0.1 * random.uniform(-1, 1);
  });
}

describeBackends(["cpu"], () => {
  it("keeps groups of like rows together and apart from others, inside the unit square", async () => {
    const map = await embeddingMap({ features: groups(3, 20, 8), dimension: 8, random: Random.fromSeed(0) });
    expect(map).toHaveLength(120);
    expect(Math.min(...map)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...map)).toBeLessThanOrEqual(1);
    for (let row = 0; row < 60; row++) {
      let nearest = { row: -1, distance: Number.POSITIVE_INFINITY };
      for (let other = 0; other < 60; other++) {
        const distance = Math.hypot(map[2 * row]! - map[2 * other]!, map[2 * row + 1]! - map[2 * other + 1]!);
        if (other !== row && distance < nearest.distance) nearest = { row: other, distance };
      }
      expect(Math.floor(nearest.row / 20)).toBe(Math.floor(row / 20));
    }
  });

  it("is the same for the same seed, and another for another", async () => {
    const features = groups(3, 5, 4);
    const [first, again, other] = await Promise.all(
      [1, 1, 2].map((seed) => embeddingMap({ features, dimension: 4, random: Random.fromSeed(seed) })),
    );
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it("maps equal rows, and puts too few rows into the middle", async () => {
    const equal = await embeddingMap({
      features: new Float32Array(60).fill(1),
      dimension: 3,
      random: Random.fromSeed(0),
    });
    expect(equal.every(Number.isFinite)).toBe(true);
    const few = await embeddingMap({ features: new Float32Array(9).fill(1), dimension: 3, random: Random.fromSeed(0) });
    expect([...few]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  });
});
