// Files by pyarrow: fixtures/make_fixtures.py. By package name, since the decoding thread runs from dist.
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Dataset } from "@simclr/core";
import { cacheDecoded, openDataset } from "@simclr/data";
import { describe, expect, it } from "vitest";
import { failure, temporaryFolder, writeTree } from "../test/files.js";

const fixtures = fileURLToPath(new URL("../fixtures/parquet", import.meta.url));
const root = temporaryFolder();

/** Pixel (y, x) of image i is (20 i, 30 y, 40 x). */
const expected = (i: number): number[] =>
  Array.from({ length: 12 }, (_, at) => [20 * i, 30 * Math.floor(at / 4), 40 * (at % 4)]).flat();

async function expectImages(dataset: Dataset, indices: readonly number[]): Promise<void> {
  for (const i of indices) {
    const { data, height, width, channels } = await dataset.read(i);
    expect([height, width, channels, ...data], dataset.id(i)).toEqual([3, 4, 3, ...expected(i)]);
  }
}

describe("Parquet files", () => {
  it("of Hugging Face's layout are read in the order of files, row groups and rows", async () => {
    const dataset = await openDataset(join(fixtures, "train-{00000..00001}-of-00002.parquet"));
    expect([dataset.size, dataset.classNames, [...dataset.labels]]).toEqual([
      5,
      ["ant", "bee", "cow"],
      [2, 0, 1, -1, 2],
    ]);
    expect([dataset.id(2), dataset.id(3)]).toEqual([
      "train-00000-of-00002.parquet[2]",
      "train-00001-of-00002.parquet[0]",
    ]);
    await expectImages(dataset, [4, 0, 3, 2, 1]);
    const cached = await cacheDecoded(dataset);
    expect([...cached.pixels!]).toEqual([0, 1, 2, 3, 4].flatMap(expected));
    await dataset.close();
  });

  it("are found in a folder, by a pattern and by a list", async () => {
    const files = [0, 1].map((i) => `train-0000${i}-of-00002.parquet`);
    const folder = writeTree(
      join(root, "folder"),
      Object.fromEntries(files.map((name) => [name, readFileSync(join(fixtures, name))])),
    );
    expect((await openDataset(folder)).size).toBe(5);
    expect((await openDataset(folder, { pattern: "train-00001-*.parquet" })).size).toBe(2);
    const reversed = await openDataset([...files].reverse().map((name) => join(folder, name)));
    expect([...reversed.labels]).toEqual([-1, 2, 2, 0, 1]);
    expect((await openDataset(folder, { limit: 3 })).size).toBe(3);
  });

  it.each(["none", "gzip", "brotli", "zstd", "lz4", "pages-v2"])("are read with the codec %s", async (codec) => {
    const dataset = await openDataset(join(fixtures, "codecs", `${codec}.parquet`));
    expect([...dataset.labels]).toEqual([2, 0, 1, -1, 2]);
    // Without metadata the classes are numbers.
    expect(dataset.classNames).toEqual(codec === "pages-v2" ? ["ant", "bee", "cow"] : ["0", "1", "2"]);
    await expectImages(dataset, [0, 1, 2, 3, 4]);
  });

  it("may hold bytes and names in columns of any name", async () => {
    const columns = { image: "picture", label: "kind" };
    const dataset = await openDataset(join(fixtures, "bytes-and-names.parquet"), { columns });
    expect([dataset.classNames, [...dataset.labels]]).toEqual([
      ["cat", "dog"],
      [1, -1, 0],
    ]);
    await expectImages(dataset, [0, 1, 2]);
    const named = await openDataset(join(fixtures, "bytes-and-names.parquet"), { columns, classNames: ["dog", "cat"] });
    expect([...named.labels]).toEqual([0, -1, 1]);
  });

  it("say which column is missing, which row has no bytes, which label is no class", async () => {
    const path = join(fixtures, "bytes-and-names.parquet");
    expect(await failure(openDataset(path))).toBe(
      `${path}: the Parquet file cannot be read: none of its columns holds images (a struct of "bytes" and "path", or bytes called image, img, images, jpg, png); its columns are picture, kind. Name the right one with \`columns\`, as { image: … }. If it is damaged, copy or write it again, or pass onBroken: "skip" to go on without it.`,
    );
    expect(await failure(openDataset(path, { columns: { image: "pictures" } }))).toContain(
      'it has no column "pictures" for the images; its columns are picture, kind',
    );
    const pathOnly = await openDataset(join(fixtures, "path-only.parquet"));
    expect(await failure(pathOnly.read(0))).toContain(
      "Cannot decode the image path-only.parquet[0]: the row holds no bytes of an image, only a path or nothing.",
    );
    await expectImages(pathOnly, [1]);
    expect(await failure(openDataset(join(fixtures, "codecs", "none.parquet"), { classNames: ["a", "b"] }))).toContain(
      "none.parquet[0]: its label 2 is not a class; expected an integer in [0, 2)",
    );
  });

  it("that are damaged are named, or left out on request", async () => {
    const sound = join(root, "a.parquet");
    const cut = join(root, "b.parquet");
    copyFileSync(join(fixtures, "codecs", "none.parquet"), sound);
    copyFileSync(sound, cut);
    truncateSync(cut, 1500);
    expect(await failure(openDataset(cut))).toContain(
      `${cut}: the Parquet file cannot be read: it does not end with "PAR1"`,
    );
    const dataset = await openDataset([cut, sound], { onBroken: "skip" });
    expect([dataset.size, dataset.skipped[0]!.id]).toEqual([5, cut]);
    writeFileSync(cut, "PAR1");
    expect(await failure(openDataset(cut))).toContain("it has 4 bytes, too few for any Parquet file");
    const lying = readFileSync(sound);
    lying.writeUInt32LE(0x7fffffff, lying.length - 8);
    writeFileSync(cut, lying);
    expect(await failure(openDataset(cut))).toContain("its metadata claims 2147483647 bytes of a file of 1972");
  });

  it("that would be decoded for ever are given up, and the next file is read", async () => {
    // Found by fuzzing, `npm run fuzz -- --format parquet --seed 1 --case 543`: a run of values that has no end.
    const endless = fileURLToPath(new URL("../fixtures/damaged/endless.parquet", import.meta.url));
    const [message, dataset] = await Promise.all([
      failure(openDataset(endless)),
      openDataset(join(fixtures, "codecs", "none.parquet")),
    ]);
    expect(message).toContain(
      "endless.parquet: the Parquet file cannot be read: it was not decoded within 10 s, as if it had no end.",
    );
    await expectImages(dataset, [4]);
  }, 60_000);
});
