// By package name on purpose: the worker files exist in dist only, so this runs the built code.
import {
  type CroppedBatch,
  centerCropBox,
  cropAndResizeHost,
  cropStream,
  type ImageBatch,
  Random,
  type RandomCropSpec,
  type RawBatch,
  sampleCropBox,
} from "@simclr/core";
import {
  cacheDecoded,
  createLoader,
  defineDataset,
  type Loader,
  labelledIndices,
  openDataset,
  splitDataset,
} from "@simclr/data";
import { expectClose } from "@simclr/test-utils";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { picture, temporaryFolder, writeTree } from "../test/files.js";

vi.setConfig({ testTimeout: 30_000 }); // starting threads is slow on a busy machine

const random = Random.fromSeed(11);
const side = (i: number): number => 12 + (i % 5);
const pixelsOf = (i: number, size: number): Uint8Array =>
  Uint8Array.from({ length: size * size * 3 }, (_, k) => (i * 31 + k * 17) % 256);
const mixed = defineDataset({
  name: "mixed",
  size: 50,
  classNames: ["x"],
  labels: Array.from({ length: 50 }, (_, i) => (i % 10 === 0 ? 0 : -1)),
  read: async (i) => ({ data: pixelsOf(i, side(i)), height: side(i), width: side(i), channels: 3 }),
});
const uniform = defineDataset({
  name: "uniform",
  size: 50,
  imageShape: { height: 2, width: 2, channels: 3 },
  read: (i) => ({ data: new Uint8Array(12).fill(i), height: 2, width: 2, channels: 3 }),
});
const crop: RandomCropSpec = {
  kind: "random-resized-crop",
  size: 8,
  sampler: "tf",
  area: [0.08, 1],
  aspect: [3 / 4, 4 / 3],
  kernel: "tf1-bicubic",
};

async function take(loader: Loader, epoch: number, startStep?: number): Promise<ImageBatch[]> {
  const batches: ImageBatch[] = [];
  for await (const batch of loader.epoch(epoch, startStep)) batches.push(batch);
  return batches;
}

describe("raw batches", () => {
  it("hold the images in the order of the epoch's permutation, cached or not", async () => {
    for (const dataset of [uniform, await cacheDecoded(uniform)]) {
      const loader = createLoader(dataset, { batchSize: 16, random });
      expect([loader.kind, loader.stepsPerEpoch]).toEqual(["raw", 3]);
      const batches = (await take(loader, 2)) as RawBatch[];
      const expected = random.fork("order", 2).permutation(50).subarray(0, 48);
      expect(batches.flatMap(({ indices }) => [...indices])).toEqual([...expected]);
      for (const { images, shape, indices } of batches) {
        expect(shape).toEqual([16, 2, 2, 3]);
        expect([...images]).toEqual([...indices].flatMap((i) => new Array<number>(12).fill(i)));
      }
      await loader.close();
    }
  });

  it("go on in the middle of an epoch as if it had never stopped", async () => {
    const loader = createLoader(uniform, { batchSize: 7, random, dropLast: false });
    const whole = await take(loader, 4);
    expect(whole.map(({ indices }) => indices.length)).toEqual([7, 7, 7, 7, 7, 7, 7, 1]);
    expect(await take(createLoader(uniform, { batchSize: 7, random, dropLast: false }), 4, 5)).toEqual(whole.slice(5));
    expect(await take(loader, 4, 8)).toEqual([]);
    await expect(take(loader, 4, 9)).rejects.toThrow("`startStep` must be in [0, 8]; received 9.");
  });

  it("fill batches of 64 from 50 labels", async () => {
    const loader = createLoader(uniform, { batchSize: 64, random, repeat: true });
    const [batch] = await take(loader, 0);
    expect(new Set(batch!.indices.subarray(0, 50)).size).toBe(50);
    expect([batch!.indices.length, new Set(batch!.indices.subarray(50)).size]).toEqual([64, 14]);
  });
});

describe("cropped batches", () => {
  let cached: Awaited<ReturnType<typeof cacheDecoded>>;
  beforeAll(async () => {
    cached = await cacheDecoded(mixed);
  });

  it("hold the crops that the streams of core draw, whatever the threads", async () => {
    const batches: CroppedBatch[][] = [];
    for (const [dataset, workers] of [
      [cached, 0],
      [cached, 2],
      [mixed, 2],
    ] as const) {
      const loader = createLoader(dataset, { batchSize: 20, random, crop, workers });
      batches.push((await take(loader, 1)) as CroppedBatch[]);
      await loader.close();
    }
    for (const other of batches.slice(1)) expect(other).toEqual(batches[0]);
    const { views, indices, shape } = batches[0]![1]!;
    expect([shape, views.length]).toEqual([[20, 8, 8, 3], 2]);
    for (const [i, index] of indices.entries()) {
      for (const [view, values] of views.entries()) {
        const image = await mixed.read(index);
        const box = sampleCropBox(cropStream(random, 1, index, view), crop, image.height, image.width);
        const expected = cropAndResizeHost(image, box, 8, crop.kernel);
        expectClose(values.subarray(i * 192, (i + 1) * 192), expected, { atol: 0 });
      }
    }
  });

  it("draw the order from `random` and the crops from `augmentRandom`", async () => {
    const both = createLoader(cached, { batchSize: 50, random, crop, workers: 0 });
    const apart = createLoader(cached, { batchSize: 50, random, augmentRandom: random.fork("b"), crop, workers: 0 });
    const [[a], [b]] = [(await take(both, 0)) as CroppedBatch[], (await take(apart, 0)) as CroppedBatch[]];
    expect([...a!.indices]).toEqual([...b!.indices]);
    expect([...a!.views[0]!]).not.toEqual([...b!.views[0]!]);
  });

  it("give one centre crop for tests, and restrict themselves to `indices`", async () => {
    const spec = { kind: "center-crop", size: 8, fraction: 0.875, kernel: "tf1-bicubic" } as const;
    const indices = labelledIndices(cached);
    const loader = createLoader(cached, { batchSize: 2, random, crop: spec, indices, shuffle: false, dropLast: false });
    const batches = (await take(loader, 0)) as CroppedBatch[];
    expect(batches.map((batch) => [...batch.indices])).toEqual([[0, 10], [20, 30], [40]]);
    expect(batches.map((batch) => [...batch.labels])).toEqual([[0, 0], [0, 0], [0]]);
    const image = await mixed.read(30);
    const expected = cropAndResizeHost(image, centerCropBox(spec, image.height, image.width), 8, spec.kernel);
    expect(batches[1]!.views.length).toBe(1);
    expectClose(batches[1]!.views[0]!.subarray(192), expected, { atol: 0 });
    await loader.close();
  });

  it("crop the images of a split straight from the cache", async () => {
    const { test } = splitDataset(cached, { testFraction: 0.4, random });
    const loader = createLoader(test, { batchSize: 5, random, crop, workers: 0, shuffle: false });
    const [batch] = (await take(loader, 0)) as CroppedBatch[];
    const image = await test.read(3);
    const box = sampleCropBox(cropStream(random, 0, 3, 1), crop, image.height, image.width);
    const expected = cropAndResizeHost(image, box, 8, crop.kernel);
    expectClose(batch!.views[1]!.subarray(3 * 192, 4 * 192), expected, { atol: 0 });
  });
});

describe("createLoader", () => {
  it("counts batches and waiting, prepares no more than asked, and stops when the consumer does", async () => {
    let reads = 0;
    const counted = defineDataset({
      name: "counted",
      size: 40,
      imageShape: { height: 1, width: 1, channels: 1 },
      read: async (i) => {
        reads++;
        return { data: Uint8Array.of(i), height: 1, width: 1, channels: 1 };
      },
    });
    const loader = createLoader(counted, { batchSize: 4, random, prefetch: 2 });
    for await (const batch of loader.epoch(0)) {
      expect(batch.indices.length).toBe(4);
      break;
    }
    expect(reads).toBe(12); // the batch itself and two ahead
    expect(loader.stats()).toMatchObject({ batches: 1, prepared: 3, decodeMs: 0, cropMs: 0, skipped: [] });
    await loader.close();
    await expect(take(loader, 0)).rejects.toThrow("the loader is closed");
  });

  it("names the broken image when its batch comes", async () => {
    const folder = writeTree(temporaryFolder(), { "a.png": await picture([1, 2, 3]), "b.png": "no image" });
    const dataset = await openDataset(folder);
    const loader = createLoader(dataset, { batchSize: 1, random, crop, shuffle: false, workers: 0 });
    const seen: ImageBatch[] = [];
    const run = async () => {
      for await (const batch of loader.epoch(0)) seen.push(batch);
    };
    await expect(run()).rejects.toThrow("Cannot decode the image b.png");
    expect(seen.length).toBe(1);
  });

  it.each([
    [
      { batchSize: 64 },
      uniform,
      "`batchSize` must be at most 50, the number of images; received 64. Pass repeat: true",
    ],
    [{ batchSize: 0 }, uniform, "`batchSize` must be an integer >= 1; received 0."],
    [{ indices: [50] }, uniform, "`indices` must be integers in [0, 50); received 50 at position 0."],
    [{ indices: [] }, uniform, "`indices` must be at least one index; received an empty list."],
    [{}, mixed, "`crop` must be given; received undefined. The images of mixed differ in size"],
    [{ output: "raw" as const }, mixed, '`output` must be "cropped" or "auto"; received "raw".'],
  ])("refuses %j", (wrong, dataset, message) => {
    expect(() => createLoader(dataset, { batchSize: 8, random, ...wrong })).toThrow(`createLoader: ${message}`);
  });
});
