// Files by NumPy, after the descriptions of the formats: ../../fixtures/make_fixtures.py.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Random } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { failure, temporaryFolder, writeTree } from "../../test/files.js";
import { labelSubset } from "../label-subset.js";
import { openDataset } from "../open-dataset.js";

const root = temporaryFolder();

/** A folder of the fixtures, unpacked. */
function unpacked(name: string, as = name): string {
  const from = new URL(`../../fixtures/binaries/${name}/`, import.meta.url);
  const files = readdirSync(from).map((file) => [
    file.replace(/\.gz$/, ""),
    gunzipSync(readFileSync(new URL(file, from))),
  ]);
  return writeTree(join(root, as), Object.fromEntries(files));
}

/** Pixel (y, x) of image i is (20 i, 2 y, 2 x). */
function expectImage(image: { data: Uint8Array; height: number; width: number }, i: number, side: number): void {
  expect([image.height, image.width]).toEqual([side, side]);
  const expected = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) expected.set([20 * i, 2 * y, 2 * x], 3 * (y * side + x));
  expect(Buffer.compare(image.data, expected)).toBe(0);
}

const cifar10 = unpacked("cifar-10");
const cifar100 = unpacked("cifar-100");
const stl10 = unpacked("stl-10");

describe("CIFAR binaries", () => {
  it("CIFAR-10: five training files and one for tests, with class names", async () => {
    const train = await openDataset(cifar10);
    expect([train.size, train.classNames[1], train.imageShape]).toEqual([
      10,
      "automobile",
      { height: 32, width: 32, channels: 3 },
    ]);
    expect([...train.labels]).toEqual([1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    for (const i of [0, 7, 9]) expectImage(await train.read(i), i, 32);
    expect(train.id(7)).toBe("data_batch_4.bin[1]");
    const test = await openDataset(cifar10, { split: "test" });
    expect([...test.labels]).toEqual([3]);
    expectImage(await test.read(0), 11, 32);
    await train.close();
    await test.close();
  });

  it("CIFAR-100: the fine label, which comes second", async () => {
    const train = await openDataset(cifar100);
    expect([[...train.labels], train.classNames.length, train.classNames[7]]).toEqual([[99, 7], 100, "fine-7"]);
    expectImage(await train.read(1), 1, 32);
    const one = await openDataset(join(cifar100, "test.bin"), { format: "cifar100" });
    expect([...one.labels]).toEqual([42]);
    await train.close();
    await one.close();
  });

  it("name the file that is missing, cut or of other labels", async () => {
    const folder = unpacked("cifar-10", "damaged");
    const batch = join(folder, "data_batch_2.bin");
    const bytes = readFileSync(batch);
    writeFileSync(batch, bytes.subarray(1));
    expect(await failure(openDataset(folder))).toBe(
      `${batch}: has 6145 bytes, which is no whole number of CIFAR-10 images of 3073 bytes. Expected a multiple of 3073; copy or unpack the file again.`,
    );
    bytes[3073] = 10;
    writeFileSync(batch, bytes);
    expect(await failure(openDataset(folder))).toContain(
      "data_batch_2.bin[1]: its label 10 is not a class; expected an integer in [0, 10)",
    );
    rmSync(batch);
    expect(await failure(openDataset(folder))).toContain(`Cannot read ${batch}: ENOENT`);
    expect(await failure(openDataset(cifar10, { split: "unlabelled" }))).toContain(
      'CIFAR-10 has the splits "train" and "test"; received `split` "unlabelled"',
    );
    expect(
      await failure(openDataset(writeTree(join(root, "pickles"), { data_batch_1: "x", "batches.meta": "x" }))),
    ).toContain("holds CIFAR as Python's pickles");
  });
});

describe("STL-10 binaries", () => {
  it("are turned from columns to rows, and labels count from 1", async () => {
    const train = await openDataset(stl10);
    expect([[...train.labels], train.classNames[9]]).toEqual([[9, 0], "truck"]);
    for (const i of [0, 1]) expectImage(await train.read(i), i, 96);
    const test = await openDataset(stl10, { split: "test" });
    expect([...test.labels]).toEqual([3]);
    await train.close();
    await test.close();
  });

  it("have an unlabelled part, by itself or behind the labelled one", async () => {
    const unlabelled = await openDataset(stl10, { split: "unlabelled" });
    expect([...unlabelled.labels]).toEqual([-1, -1, -1]);
    expectImage(await unlabelled.read(2), 5, 96);
    const all = await openDataset(stl10, { split: "train+unlabelled" });
    expect([...all.labels]).toEqual([9, 0, -1, -1, -1]);
    expectImage(await all.read(4), 5, 96);
    expect(await failure((async () => labelSubset(all, { perClass: 1, random: Random.fromSeed(0) }))())).toContain(
      'class "bird" of',
    );
    await unlabelled.close();
    await all.close();
  });

  it("name labels that are none, or too few", async () => {
    const folder = unpacked("stl-10", "wrong");
    writeFileSync(join(folder, "train_y.bin"), Uint8Array.of(3, 11));
    expect(await failure(openDataset(folder))).toContain("train_y.bin: label 1 is 11; expected 1 to 10.");
    writeFileSync(join(folder, "train_y.bin"), Uint8Array.of(3));
    expect(await failure(openDataset(folder))).toContain("has 1 labels for the 2 images of train_X.bin.");
  });
});
