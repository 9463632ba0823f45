// Files by NumPy: ../../fixtures/make_fixtures.py, which computed expected.json too.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { failure, temporaryFolder } from "../../test/files.js";
import { openDataset } from "../open-dataset.js";

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/arrays/${name}`, import.meta.url));
const expected: Readonly<Record<string, unknown[]>> = JSON.parse(
  readFileSync(new URL("../../fixtures/expected.json", import.meta.url), "utf8"),
);
const flat = (value: unknown): number[] => (value as unknown[]).flat(9) as number[];
const root = temporaryFolder();

/** Pixel (y, x) of image i is (20 i, 30 y, 40 x). */
const plainImage = (i: number): number[] =>
  Array.from({ length: 12 }, (_, at) => [20 * i, 30 * Math.floor(at / 4), 40 * (at % 4)]).flat();

describe("NumPy arrays", () => {
  it("of floats in [0, 1] may have any number of channels, and labels beside them", async () => {
    const dataset = await openDataset(fixture("floats.npy"), { labels: fixture("labels.npy") });
    expect([dataset.size, dataset.imageShape]).toEqual([5, { height: 3, width: 4, channels: 7 }]);
    expect([dataset.classNames, [...dataset.labels]]).toEqual([
      ["0", "1", "2"],
      [0, 1, 2, 1, -1],
    ]);
    for (const i of [4, 0, 2]) expect([...(await dataset.read(i)).data]).toEqual(flat(expected.floats![i]));
    expect(dataset.id(4)).toBe(`${fixture("floats.npy")}[4]`);
    await dataset.close();
    const few = await openDataset(fixture("floats.npy"), { limit: 2 });
    expect([few.size, [...few.labels]]).toEqual([2, [-1, -1]]);
    await few.close();
  });

  it("may be stored channel by channel, big-endian, in double precision", async () => {
    const dataset = await openDataset(fixture("planes.npy"), { layout: "NCHW" });
    expect(dataset.imageShape).toEqual({ height: 3, width: 4, channels: 7 });
    for (const i of [0, 3]) expect([...(await dataset.read(i)).data]).toEqual(flat(expected.floats![i]));
    await dataset.close();
  });

  it("of other ranges are scaled from what `range` says, and refused outside of it", async () => {
    const dataset = await openDataset(fixture("wide.npy"), { range: [-60, 140] });
    expect([...(await dataset.read(1)).data]).toEqual(flat(expected.wide![1]));
    await dataset.close();
    const unscaled = await openDataset(fixture("wide.npy"));
    expect(await failure(unscaled.read(0))).toMatch(
      /wide\.npy\[0\]: holds the value [-\d.]+, outside of \[0, 1\]\. Pass `range`/,
    );
    await unscaled.close();
    const bad = await openDataset(fixture("bad-value.npy"));
    expect([...(await bad.read(0)).data]).toEqual([0, 128]); // 127.5 is rounded up
    expect(await failure(bad.read(1))).toContain("[1]: holds the value NaN, outside of [0, 1]");
    await bad.close();
  });

  it("of half floats and 16-bit integers are read with the range of their type", async () => {
    const halves = await openDataset(fixture("halves.npy"));
    expect([halves.imageShape!.channels, ...(await halves.read(0)).data]).toEqual([1, ...flat(expected.halves)]);
    const shorts = await openDataset(fixture("shorts.npy"));
    expect([...(await shorts.read(0)).data]).toEqual([0, 1, 128, 255]); // n * 257 is n of 255
    const signed = await openDataset(fixture("signed.npy"), { range: [-100, 100] });
    expect([...(await signed.read(0)).data]).toEqual([0, 128, 255, 191]);
    expect(await failure(openDataset(fixture("signed.npy")))).toContain(
      "Pass `range`, the values that become black and white",
    );
    for (const dataset of [halves, shorts, signed]) await dataset.close();
  });

  it.each(["stored.npz", "packed.npz"])("in %s are chosen by the split", async (name) => {
    const train = await openDataset(fixture(name));
    expect([train.size, [...train.labels]]).toEqual([3, [0, 1, 2]]);
    for (const i of [2, 0]) expect([...(await train.read(i)).data]).toEqual(plainImage(i));
    const validation = await openDataset(fixture(name), { split: "validation" });
    expect([validation.size, ...validation.labels]).toEqual([1, 1]);
    expect([...(await validation.read(0)).data]).toEqual(plainImage(3));
    expect(await failure(openDataset(fixture(name), { split: "test" }))).toContain(
      'none of its arrays is known to hold the images of the split "test"; expected test_images, images_test, test_image, image_test. It holds train_images, train_labels, val_images, val_labels;',
    );
    const chosen = await openDataset(fixture(name), { columns: { image: "val_images", label: "val_labels" } });
    expect(chosen.size).toBe(1);
    for (const dataset of [train, validation, chosen]) await dataset.close();
  });

  it("without splits go by the usual names, grey without a dimension of channels", async () => {
    const dataset = await openDataset(fixture("plain.npz"), { classNames: ["ant", "bee", "cow"] });
    expect([dataset.classNames, [...dataset.labels]]).toEqual([
      ["ant", "bee", "cow"],
      [0, 1, 2, 1, -1],
    ]);
    expect([...(await dataset.read(3)).data]).toEqual(new Array(12).fill(60));
    expect(await failure(openDataset(fixture("plain.npz"), { classNames: ["ant", "bee"] }))).toMatch(
      /plain\.npz:x\[2\]: its label 2 is not a class; expected an integer in \[0, 2\)/,
    );
    await dataset.close();
  });

  it("that cannot be read say why", async () => {
    expect(await failure(openDataset(fixture("fortran.npy")))).toContain(
      "its numbers are in Fortran order. Save numpy.ascontiguousarray(images) instead.",
    );
    expect(await failure(openDataset(fixture("objects.npy")))).toContain(
      "its header does not name one type of numbers",
    );
    expect(await failure(openDataset(fixture("labels.npy")))).toContain(
      "must have the shape [N, H, W, C] or [N, H, W] of at least one image; received [5].",
    );
    expect(await failure(openDataset(fixture("floats.npy"), { labels: fixture("halves.npy") }))).toContain(
      "must hold an integer for each of the 5 images",
    );
    const bytes = readFileSync(fixture("floats.npy"));
    const path = join(root, "x.npy");
    writeFileSync(path, bytes.subarray(0, bytes.length - 1));
    expect(await failure(openDataset(path))).toContain("its shape (5, 3, 4, 7) takes 1680 bytes, the file holds 1679.");
    // A header that claims 4 × 10^15 bytes allocates none of them.
    writeFileSync(
      path,
      Buffer.from(bytes.toString("latin1").replace("(5, 3, 4, 7), }      ", "(5, 3, 4, 7000000000000), }"), "latin1"),
    );
    expect(await failure(openDataset(path))).toMatch(/x\.npy: /);
  });

  it("in archives are checked against their checksums", async () => {
    for (const name of ["stored.npz", "packed.npz"]) {
      const bytes = readFileSync(fixture(name));
      // In the numbers of the first member when they are stored, in its deflated bytes otherwise.
      bytes[name === "stored.npz" ? 250 : 150]! ^= 1;
      const path = join(root, name);
      writeFileSync(path, bytes);
      expect(await failure(openDataset(path))).toMatch(
        /npz:train_images: the archive is damaged, or is no \.npz file: /,
      );
    }
  });
});
