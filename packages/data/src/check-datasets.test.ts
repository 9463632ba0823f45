// By package name on purpose: the worker files exist in dist only, so this runs the built code.
import { join } from "node:path";
import { checkDatasets, defineDataset, openDataset } from "@simclr/data";
import sharp from "sharp";
import { expect, it, vi } from "vitest";
import { picture, temporaryFolder, writeTree } from "../test/files.js";

vi.setConfig({ testTimeout: 60_000 });

const root = temporaryFolder();

it("counts classes, sizes and kinds, and finds what is broken and what comes twice", async () => {
  const twice = await picture([1, 2, 3]);
  const large = await picture([9, 9, 9], { width: 200, height: 90, format: "jpeg" });
  const train = writeTree(join(root, "train"), {
    "cat/1.png": twice,
    "cat/2.png": await picture([4, 5, 6]),
    "cat/3.png": await picture([7, 5, 6], { width: 16 }),
    "cat/again.png": await picture([4, 5, 6]),
    "cat/cut.jpg": large.subarray(0, 200),
    "cat/grey.jpg": await sharp(large).toColourspace("b-w").jpeg().toBuffer(),
    "dog/1.png": twice,
    "dog/notes.txt": "no image",
    "dog/text.png": "no image",
  });
  const test = writeTree(join(root, "test"), {
    "cat/x.tiff": await picture([7, 5, 6], { width: 16, format: "tiff" }), // the same pixels in another format
    "dog/alpha.png": await sharp(twice).ensureAlpha(0.5).negate({ alpha: false }).png().toBuffer(),
  });
  const datasets = [await openDataset(train), await openDataset(test)];
  const progress: number[] = [];
  const check = await checkDatasets(datasets, { workers: 2, onProgress: ({ done }) => progress.push(done) });
  for (const dataset of datasets) await dataset.close();

  expect(progress.at(-1)).toBe(10);
  expect(check.datasets[0]).toMatchObject({
    name: train,
    images: 8,
    labelled: 8,
    classes: [
      { name: "cat", images: 6 },
      { name: "dog", images: 2 },
    ],
    imbalance: 3,
    sizes: {
      smallest: { id: "cat/1.png", width: 8, height: 8 },
      largest: { id: "cat/grey.jpg", width: 200, height: 90 },
      shorterSide: { min: 8, p5: 8, median: 8, p95: 90, max: 90 },
      distinct: 3,
      common: [
        { width: 8, height: 8, images: 4 },
        { width: 16, height: 8, images: 1 },
        { width: 200, height: 90, images: 1 },
      ],
    },
    kinds: [
      { kind: "png srgb", images: 5 },
      { kind: "jpeg b-w", images: 1 },
    ],
    ignored: ["dog/notes.txt"],
    ignoredCount: 1,
  });
  expect(check.datasets[0]!.broken.map(({ id }) => id)).toEqual(["cat/cut.jpg", "dog/text.png"]);
  expect(check.datasets[0]!.broken[1]!.reason).toContain("no JPEG");
  expect(check.datasets[1]!.kinds.map(({ kind }) => kind).sort()).toEqual(["png srgb with alpha", "tiff srgb"]);
  expect(check.duplicates).toEqual([
    {
      images: [
        { dataset: train, id: "cat/1.png", label: "cat" },
        { dataset: train, id: "dog/1.png", label: "dog" },
      ],
      labelsDiffer: true,
      acrossDatasets: false,
    },
    {
      images: [
        { dataset: train, id: "cat/2.png", label: "cat" },
        { dataset: train, id: "cat/again.png", label: "cat" },
      ],
      labelsDiffer: false,
      acrossDatasets: false,
    },
    {
      images: [
        { dataset: train, id: "cat/3.png", label: "cat" },
        { dataset: test, id: "cat/x.tiff", label: "cat" },
      ],
      labelsDiffer: false,
      acrossDatasets: true,
    },
  ]);
  expect(check.problems).toEqual([
    `${train}: 2 images cannot be read; the first is cat/cut.jpg`,
    "1 image with more than one label: cat/1.png (cat) = dog/1.png (dog)",
    "1 image in more than one data set: cat/3.png (cat) = cat/x.tiff (cat)",
  ]);
  expect(check.notes).toContain("1 image more than once: cat/2.png (cat) = cat/again.png (cat)");
});

it("reads data sets that are not files, and finds nothing wrong with sound ones", async () => {
  const dataset = defineDataset({
    name: "ramp",
    size: 12,
    read: (i) => ({ data: new Uint8Array(8).fill(i), height: 2, width: 2, channels: 2 }),
  });
  const { datasets, problems, duplicates } = await checkDatasets([dataset]);
  expect([problems, duplicates]).toEqual([[], []]);
  expect(datasets[0]).toMatchObject({
    labelled: 0,
    classes: [],
    imbalance: null,
    kinds: [{ kind: "2 channels", images: 12 }],
  });
  const broken = defineDataset({
    name: "half",
    size: 2,
    read: (i) => {
      if (i === 1) throw new Error("lost");
      return { data: Uint8Array.of(1), height: 1, width: 1, channels: 1 };
    },
  });
  expect((await checkDatasets([broken])).datasets[0]!.broken).toEqual([{ id: "half[1]", reason: "lost" }]);
});
