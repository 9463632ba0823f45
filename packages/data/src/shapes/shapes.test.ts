import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type DrawnShapes, drawShapes, shapes } from "./shapes.js";

const BYTES = 32 * 32 * 3;
const hash = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const image = (images: Uint8Array, index: number) => images.subarray(index * BYTES, (index + 1) * BYTES);

/** For each k, the share of `test` whose k nearest of `train`, by squared distance of pixels, vote for the right class. */
function pixelNeighbours(train: DrawnShapes, test: DrawnShapes, ks: readonly number[]): number[] {
  const right = ks.map(() => 0);
  for (const [t, truth] of test.labels.entries()) {
    const query = image(test.images, t);
    const distances = new Float64Array(train.labels.length);
    for (let i = 0; i < distances.length; i++) {
      let sum = 0;
      for (let j = 0, at = i * BYTES; j < BYTES; j++, at++) {
        const difference = query[j]! - train.images[at]!;
        sum += difference * difference;
      }
      distances[i] = sum;
    }
    const nearest = Array.from(distances.keys()).sort((a, b) => distances[a]! - distances[b]!);
    for (const [which, k] of ks.entries()) {
      const votes = new Array<number>(10).fill(0);
      for (const i of nearest.slice(0, k)) votes[train.labels[i]!]!++;
      if (votes.indexOf(Math.max(...votes)) === truth) right[which]!++;
    }
  }
  return right.map((count) => count / test.labels.length);
}

describe("shapes", () => {
  it("has the sizes, classes and names that it promises", () => {
    const train = shapes({ split: "train" });
    const test = shapes({ split: "test" });
    expect([train.size, test.size]).toEqual([6000, 5000]);
    expect(train.imageShape).toEqual({ height: 32, width: 32, channels: 3 });
    expect(new Set(train.classNames).size).toBe(10);
    expect(train.id(17)).toBe("shapes/train/17");
  });

  it("holds every class equally often in every run of ten", () => {
    const { labels } = shapes({ split: "train", size: 1000 });
    for (let start = 0; start < labels.length; start += 10)
      expect([...labels.subarray(start, start + 10)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(Array.from({ length: 100 }, (_, i) => labels[10 * i])).size).toBe(10);
  });

  it("draws the same images for the same seed, one alone or all at once, and in any number", async () => {
    const bulk = drawShapes({ split: "train", size: 60, seed: 3 });
    expect(hash(drawShapes({ split: "train", size: 60, seed: 3 }).images)).toBe(hash(bulk.images));
    const dataset = shapes({ split: "train", size: 40, seed: 3 });
    expect(dataset.labels).toEqual(bulk.labels.subarray(0, 40));
    for (const index of [39, 0, 7]) expect((await dataset.read(index)).data).toEqual(image(bulk.images, index).slice());
  });

  it("gives other images for another seed or split, with another fingerprint", () => {
    const sets = [
      { split: "train", size: 300, seed: 0 },
      { split: "train", size: 300, seed: 1 },
      { split: "test", size: 300, seed: 0 },
    ] as const;
    const hashes = sets.flatMap((set) => {
      const { images } = drawShapes(set);
      return Array.from({ length: set.size }, (_, i) => hash(image(images, i)));
    });
    expect(new Set(hashes).size).toBe(900);
    const fingerprints = [...sets, { ...sets[0], size: 299 }].map((set) => shapes(set).fingerprint);
    expect(new Set(fingerprints).size).toBe(4);
  });

  it("uses the whole range of bytes, and no class is brighter than another", () => {
    const { images, labels } = drawShapes({ split: "train", size: 2000 });
    const seen = new Uint8Array(256);
    const sums = new Float64Array(10);
    for (const [i, value] of images.entries()) {
      seen[value] = 1;
      sums[labels[Math.floor(i / BYTES)]!]! += value;
    }
    expect(seen.every((mark) => mark === 1)).toBe(true);
    const means = Array.from(sums, (sum) => sum / (200 * BYTES));
    expect(Math.max(...means) - Math.min(...means)).toBeLessThan(25); // 200 images of deviation 60: 4.3 apart each
  });

  it("does not give its classes away to nearest neighbours among raw pixels", () => {
    const train = drawShapes({ split: "train", size: 1000 });
    const test = drawShapes({ split: "test", size: 150 });
    for (const share of pixelNeighbours(train, test, [1, 5, 20, 100])) expect(share).toBeLessThanOrEqual(0.3);
  }, 30_000);

  it("says what is wrong with an option", async () => {
    expect(() => shapes({ split: "validation" as "test" })).toThrow(
      'shapes: `split` must be one of "train", "test"; received "validation".',
    );
    expect(() => shapes({ split: "test", size: 0 })).toThrow("shapes: `size` must be an integer >= 1; received 0.");
    expect(() => drawShapes({ split: "test", seed: 0.5 })).toThrow(
      "drawShapes: `seed` must be an integer >= 0; received 0.5.",
    );
    await expect(shapes({ split: "test", size: 5 }).read(5)).rejects.toThrow(
      "shapes: `index` must be an integer in [0, 5); received 5.",
    );
  });
});
