// Real photos, found through SIMCLR_TEST_DATA; by package name, since workers run from dist.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random, type RandomCropSpec } from "@simclr/core";
import { cacheDecoded, classCounts, createLoader, labelSubset, openDataset } from "@simclr/data";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../test/files.js";

const root = process.env.SIMCLR_TEST_DATA ?? "";
const skipped = root === "" || !existsSync(root);
const random = Random.fromSeed(0);

describe.skipIf(skipped)(`real images${skipped ? " (skipped: set SIMCLR_TEST_DATA to their folder)" : ""}`, () => {
  it("CIFAR-10 as JPEG: 60,000 in six shards, ten classes", async () => {
    const train = await openDataset(join(root, "cifar10-jpeg", "train-{0..4}.tar"));
    const test = await openDataset(join(root, "cifar10-jpeg", "test.tar"));
    expect([train.size, test.size, train.classNames.length]).toEqual([50_000, 10_000, 10]);
    expect([...classCounts(train)]).toEqual(new Array(10).fill(5_000));
    expect([...classCounts(test)]).toEqual(new Array(10).fill(1_000));
    expect([...classCounts(labelSubset(train, { fraction: 0.01, random }))]).toEqual(new Array(10).fill(50));
    await train.close();
    await test.close();
  });

  it("decodes 2,000 of them into one array", async () => {
    const dataset = await openDataset(join(root, "cifar10-jpeg"), { pattern: "test.tar", limit: 2_000 });
    const cached = await cacheDecoded(dataset, { workers: 2 });
    expect(cached.pixels?.length).toBe(2_000 * 32 * 32 * 3);
    const direct = await dataset.read(1_999);
    expect(Buffer.compare(Buffer.from(cached.pixels!.subarray(1_999 * 3_072)), Buffer.from(direct.data))).toBe(0);
    await dataset.close();
  }, 30_000);

  it("hand signs: the same images as a folder, as a list and in the archive, the three huge ones among them", async () => {
    const folder = join(temporaryFolder(), "signs");
    mkdirSync(folder);
    const archive = join(root, "sign-digits", "images.tar");
    execFileSync("tar", ["-xf", archive, "-C", folder]);
    const fromTar = await openDataset(archive);
    const fromFolder = await openDataset(folder);
    const names = Array.from({ length: fromFolder.size }, (_, i) => fromFolder.id(i));
    writeFileSync(join(folder, "list.txt"), names.join("\n"));
    const fromList = await openDataset(join(folder, "list.txt"));
    for (const dataset of [fromFolder, fromList]) {
      expect([dataset.size, dataset.classNames]).toEqual([2_062, fromTar.classNames]);
      expect([...classCounts(dataset)]).toEqual([...classCounts(fromTar)]);
    }
    const largest = names.map((name) => statSync(join(folder, name)).size);
    const huge = largest.indexOf(Math.max(...largest));
    const inTar = Array.from({ length: fromTar.size }, (_, i) => fromTar.id(i)).indexOf(`images.tar:${names[huge]}`);
    const [a, b] = [await fromList.read(huge), await fromTar.read(inTar)];
    expect(a.height).toBeGreaterThan(1_000);
    expect(Buffer.compare(a.data, b.data)).toBe(0);
    await fromTar.close();
  }, 60_000);

  it("hand signs: 2,059 of 100×100 and three huge ones, cropped together", async () => {
    const dataset = await openDataset(join(root, "sign-digits", "images.tar"));
    const cached = await cacheDecoded(dataset, { workers: 2, maxSide: 128 });
    await dataset.close();
    expect([cached.size, cached.classNames.join("")]).toEqual([2_062, "0123456789"]);
    const sides = await Promise.all(Array.from({ length: cached.size }, async (_, i) => (await cached.read(i)).height));
    expect(sides.filter((height) => height === 100).length).toBe(2_059);
    expect(sides.filter((height) => height !== 100)).toEqual([128, 128, 128]);
    const crop: RandomCropSpec = {
      kind: "random-resized-crop",
      size: 64,
      sampler: "tf",
      area: [0.08, 1],
      aspect: [3 / 4, 4 / 3],
      kernel: "tf1-bicubic",
    };
    const huge = sides.indexOf(128);
    const loader = createLoader(cached, { batchSize: 4, random, crop, indices: [huge, 0, 1, 2] });
    for await (const batch of loader.epoch(0)) expect(batch.shape).toEqual([4, 64, 64, 3]);
    expect(loader.stats().batches).toBe(1);
    await loader.close();
  }, 60_000);
});
