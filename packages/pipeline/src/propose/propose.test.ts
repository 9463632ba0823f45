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
  [500, [32, 48, 64]],
  [50, [32, 48]],
  [20, [32]],
])("photos of %i pixels are seen at %j, and the file is a valid configuration", (side, sizes) => {
  const proposal = proposeRecipe(found([5, 5], 1000, side), { name: 'my "photos"', paths });
  expect([proposal.sizes, proposal.heldOut, proposal.classes]).toEqual([sizes, 0.2, 2]);
  const imageSize = sizes.at(-1)!;
  const config = parseConfig(proposal.yaml({ width: 0.5, imageSize, epochs: 33 }), "photos.yaml");
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
  expect(parseConfig(yaml({ width: 0.25, imageSize: 64, epochs: 5 }), "x.yaml")).toMatchObject({
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

it("takes the widest network that has epochs enough, else the narrowest with views that leave it enough", () => {
  // 100 s are fixed, an epoch of the narrowest network with the largest views takes 10 s.
  const cost = { fixedSeconds: 100, secondsPerEpoch: 10 };
  const fit = (seconds: number) => fitToTime(cost, [32, 48, 64], seconds);
  expect(fit(600)).toEqual({ width: 0.25, imageSize: 64, epochs: 50 });
  expect(fit(100 * Math.sqrt(3.3) + 60 * 33)).toEqual({ width: 0.5, imageSize: 64, epochs: 60 });
  expect(fit(100 * Math.sqrt(12) + 500 * 120)).toEqual({ width: 1, imageSize: 64, epochs: 400 });
  // 48 pixels cost (48 / 64)² = 0.5625 of that, and what is fixed its root; 32 pixels a quarter and a half.
  expect(fit(75 + 40 * 5.625)).toEqual({ width: 0.25, imageSize: 48, epochs: 40 });
  expect(fit(50 + 60 * 2.5)).toEqual({ width: 0.25, imageSize: 32, epochs: 60 });
  expect(fit(10)).toEqual({ width: 0.25, imageSize: 32, epochs: 5 });
  expect(fitToTime(cost, [32], 110)).toEqual({ width: 0.25, imageSize: 32, epochs: 5 });
  expect([clampEpochs(-3), clampEpochs(1000)]).toEqual([5, 400]);
});
