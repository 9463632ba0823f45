import type { DatasetCheck } from "@simclr/data";
import { expect, it } from "vitest";
import { parseConfig } from "../config/load.js";
import { clampEpochs, fitToTime } from "./fit-to-time.js";
import { proposeRecipe } from "./propose-recipe.js";

const found = (perClass: readonly number[], images: number, side: number): DatasetCheck => ({
  ...{ formatVersion: 1, duplicates: [], problems: [], notes: [] },
  datasets: [
    {
      ...{ name: "photos", images, labelled: perClass.reduce((sum, count) => sum + count, 0), imbalance: null },
      ...{ kinds: [], broken: [], ignored: [], ignoredCount: 0 },
      classes: perClass.map((count, i) => ({ name: `class ${i}`, images: count })),
      sizes: {
        ...{ smallest: { id: "a", width: side, height: side }, largest: { id: "b", width: side, height: side } },
        ...{ shorterSide: { min: side, p5: side, median: side, p95: side, max: side }, distinct: 1, common: [] },
      },
    },
  ],
});
const paths = { root: "photos", train: ".", test: undefined };

it.each([
  [500, 64],
  [50, 48],
  [20, 32],
])("photos of %i pixels are seen at %i, and the file is a valid configuration", (side, imageSize) => {
  const proposal = proposeRecipe(found([5, 5], 1000, side), { name: 'my "photos"', paths });
  expect([proposal.imageSize, proposal.heldOut, proposal.classes]).toEqual([imageSize, 0.2, 2]);
  const config = parseConfig(proposal.yaml({ width: 0.5, epochs: 33 }), "photos.yaml");
  expect(config).toMatchObject({
    name: 'my "photos"',
    data: { imageSize, test: { holdOut: 0.2 }, onBroken: "error" },
    model: { width: 0.5 },
    pretrain: { epochs: 33, warmupEpochs: 3.3, batchSize: 64 },
    distill: { epochs: 19.2 },
  });
});

it("leaves colours alone where they matter, takes test images that are there, and leaves broken ones out", () => {
  const check = found([1, 5], 100, 64);
  const broken = { ...check.datasets[0]!, broken: [{ id: "x.jpg", reason: "it is cut off" }] };
  const given = { ...paths, test: "../test" };
  const { yaml, images } = proposeRecipe(
    { ...check, datasets: [broken] },
    { name: "x", paths: given, colourMatters: true },
  );
  expect(images).toBe(99);
  expect(parseConfig(yaml({ width: 0.25, epochs: 5 }), "x.yaml")).toMatchObject({
    data: { onBroken: "skip", test: expect.stringMatching(/test$/) },
    pretrain: { augmentation: { recipe: "crop-only" }, batchSize: 8 },
  });
});

it("refuses images without two classes, and a class of which none can be held out", () => {
  const propose = (perClass: readonly number[]) => proposeRecipe(found(perClass, 100, 64), { name: "x", paths });
  expect(() => propose([7])).toThrow(
    /found labels of 1 classes; a classifier needs two at least\. Put some images into folders/,
  );
  expect(() => propose([7, 1])).toThrow(/the class "class 1" has one labelled image, so none can be held out/);
});

it("takes the widest network that has epochs enough, else the narrowest with what the time allows", () => {
  // 100 s are fixed, an epoch of the narrowest network takes 10 s.
  const cost = { fixedSeconds: 100, secondsPerEpoch: 10 };
  expect(fitToTime(cost, 600)).toEqual({ width: 0.25, epochs: 50 });
  expect(fitToTime(cost, 100 * Math.sqrt(3.3) + 60 * 33)).toEqual({ width: 0.5, epochs: 60 });
  expect(fitToTime(cost, 100 * Math.sqrt(12) + 500 * 120)).toEqual({ width: 1, epochs: 400 });
  expect(fitToTime(cost, 10)).toEqual({ width: 0.25, epochs: 5 });
  expect([clampEpochs(-3), clampEpochs(1000)]).toEqual([5, 400]);
});
