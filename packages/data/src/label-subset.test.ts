import { Random } from "@simclr/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineDataset } from "./define-dataset.js";
import { keepLabels } from "./keep-labels.js";
import { labelSubset } from "./label-subset.js";
import { splitDataset } from "./split-dataset.js";
import { classCounts, labelledIndices, subset, withoutLabels } from "./subset.js";

const random = Random.fromSeed(3);

/** One pixel an image, its value the index. */
function toy(labels: readonly number[], classNames = ["ant", "bee", "cow"]) {
  return defineDataset({
    name: "toy",
    size: labels.length,
    labels,
    classNames,
    read: (i) => ({ data: Uint8Array.of(i), height: 1, width: 1, channels: 1 }),
  });
}
const balanced = toy(Array.from({ length: 300 }, (_, i) => i % 3));

describe("labelSubset", () => {
  it("keeps the same share of each class, right labels, and all images", () => {
    const few = labelSubset(balanced, { fraction: 0.1, random });
    expect([few.size, ...classCounts(few)]).toEqual([300, 10, 10, 10]);
    for (const i of labelledIndices(few)) expect(few.labels[i]).toBe(balanced.labels[i]);
    expect([...classCounts(labelSubset(balanced, { perClass: 4, random }))]).toEqual([4, 4, 4]);
  });

  it("depends on the seed alone, and a smaller subset is part of a larger one", () => {
    const ten = labelSubset(balanced, { fraction: 0.1, random });
    expect(ten.fingerprint).toBe(labelSubset(balanced, { fraction: 0.1, random: Random.fromSeed(3) }).fingerprint);
    expect(ten.fingerprint).not.toBe(labelSubset(balanced, { fraction: 0.1, random: Random.fromSeed(4) }).fingerprint);
    const larger = new Set(labelledIndices(labelSubset(balanced, { fraction: 0.3, random })));
    expect([...labelledIndices(ten)].every((i) => larger.has(i))).toBe(true);
  });

  it("draws every image equally often", () => {
    const drawn = new Array<number>(300).fill(0);
    for (let seed = 0; seed < 600; seed++)
      for (const i of labelledIndices(labelSubset(balanced, { perClass: 10, random: Random.fromSeed(seed) })))
        drawn[i]!++;
    // Binomial(600, 0.1): mean 60, deviation 7.3; 5.5 deviations.
    expect(Math.min(...drawn)).toBeGreaterThan(20);
    expect(Math.max(...drawn)).toBeLessThan(100);
  });

  it("refuses a fraction that leaves a class empty, and says which would do", () => {
    expect(() => labelSubset(balanced, { fraction: 0.001, random })).toThrow(
      'labelSubset: label fraction 0.001 leaves class "ant" (100 labelled images) without an image; use at least 0.005, or perClass.',
    );
    expect([...classCounts(labelSubset(balanced, { fraction: 0.005, random }))]).toEqual([1, 1, 1]);
  });

  it("refuses more labels than there are, classes without any, and unclear requests", () => {
    expect(() => labelSubset(toy([0, 0, 1, 2, 2]), { perClass: 2, random })).toThrow(
      'labelSubset: class "bee" of toy has 1 labelled images; `perClass` asks for 2. Use at most 1.',
    );
    expect(() => labelSubset(toy([0, 0, 1]), { fraction: 0.5, random })).toThrow(
      'class "cow" of toy has no labelled image',
    );
    expect(() => labelSubset(toy([-1, -1]), { fraction: 0.5, random })).toThrow("toy: no image has a label");
    expect(() => labelSubset(balanced, { random })).toThrow("give either `fraction` or `perClass`; received neither.");
  });
});

describe("keepLabels", () => {
  it("keeps the labels of the named images alone", () => {
    const few = keepLabels(toy([0, 1, -1, 2, 0]), [4, 1]);
    expect([[...few.labels], few.classNames]).toEqual([
      [-1, 1, -1, -1, 0],
      ["ant", "bee", "cow"],
    ]);
    expect(few.fingerprint).toBe(keepLabels(toy([0, 1, -1, 2, 0]), [1, 4]).fingerprint);
    expect(few.fingerprint).not.toBe(keepLabels(toy([0, 1, -1, 2, 0]), [1]).fingerprint);
  });

  it("refuses an image without a label, or none at all", () => {
    for (const index of [2, 5, -1, 0.5])
      expect(() => keepLabels(toy([0, 1, -1, 2, 0]), [0, index])).toThrow(
        `must be those of labelled images of toy; received ${index} at position 1.`,
      );
  });
});

describe("subset and withoutLabels", () => {
  it("keep the images and their names", async () => {
    const few = subset(subset(balanced, [10, 20, 30]), [2, 0]);
    expect([few.id(0), (await few.read(0)).data[0], [...few.labels]]).toEqual(["toy[30]", 30, [0, 1]]);
    const bare = withoutLabels(few);
    expect([[...bare.labels], bare.classNames, (await bare.read(1)).data[0]]).toEqual([[-1, -1], [], 10]);
    await expect(bare.read(2)).rejects.toThrow("`index` must be an integer in [0, 2); received 2.");
    expect(() => subset(balanced, [300])).toThrow("integers in [0, 300); received 300 at position 0.");
  });
});

describe("splitDataset", () => {
  it("parts the images, class by class and the unlabelled among themselves", () => {
    const labels = fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 8, maxLength: 60 });
    fc.assert(
      fc.property(labels, fc.double({ min: 0.1, max: 0.9, noNaN: true }), fc.nat(), (given, testFraction, seed) => {
        const counts = [0, 1, 2].map((label) => given.filter((each) => each === label).length);
        fc.pre(counts.some((count) => count > 1));
        const { train, test } = splitDataset(toy(given), { testFraction, random: Random.fromSeed(seed) });
        const ids = [train, test].flatMap((part) => Array.from({ length: part.size }, (_, i) => part.id(i)));
        expect(new Set(ids).size).toBe(given.length);
        expect(ids.length).toBe(given.length);
        for (const [label, count] of counts.entries()) {
          const held = classCounts(test)[label]!;
          expect(Math.abs(held - testFraction * count)).toBeLessThanOrEqual(1);
          if (count > 1) expect([held >= 1, held < count]).toEqual([true, true]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("refuses a fraction that is none, or leaves a part empty", () => {
    expect(() => splitDataset(balanced, { testFraction: 1, random })).toThrow("must be in (0, 1); received 1.");
    expect(() => splitDataset(toy([0]), { testFraction: 0.5, random })).toThrow("leaves the test part empty");
  });
});
