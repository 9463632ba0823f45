import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { isSimclrError } from "@simclr/core";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { failure, packTar, picture, temporaryFolder, writeTree } from "../test/files.js";
import { openDataset } from "./open-dataset.js";
import { shapes } from "./shapes/index.js";

const root = temporaryFolder();
const red = await picture([200, 10, 20]);
const blue = await picture([10, 20, 200]);

describe("openDataset on folders", () => {
  it("takes classes from folders, sorted, and images sorted by name", async () => {
    const folder = writeTree(join(root, "classes"), {
      "dog/b.png": red,
      "dog/a.PNG": blue,
      "cat/z.png": red,
      "cat/notes.txt": "x",
      ".hidden/c.png": red,
    });
    const dataset = await openDataset(folder);
    expect(dataset.classNames).toEqual(["cat", "dog"]);
    expect([0, 1, 2].map((i) => dataset.id(i))).toEqual(["cat/z.png", "dog/a.PNG", "dog/b.png"]);
    expect([...dataset.labels]).toEqual([0, 1, 1]);
    expect(dataset.ignored).toEqual(["cat/notes.txt"]);
    const { data, height, width, channels } = await dataset.read(1);
    expect([height, width, channels, ...data.subarray(0, 3)]).toEqual([8, 8, 3, 10, 20, 200]);
    await dataset.close();
  });

  it("leaves a flat folder unlabelled", async () => {
    const dataset = await openDataset(writeTree(join(root, "flat"), { "a.png": red, "b.png": blue }));
    expect([[...dataset.labels], dataset.classNames]).toEqual([[-1, -1], []]);
  });

  it("takes one image alone, wherever it lies", async () => {
    const folder = writeTree(join(root, "alone"), { "a.png": red, "class/b.png": blue });
    const dataset = await openDataset(join(folder, "a.png"));
    expect([dataset.size, dataset.id(0), [...dataset.labels], dataset.classNames]).toEqual([1, "a.png", [-1], []]);
    expect([...(await dataset.read(0)).data.subarray(0, 3)]).toEqual([200, 10, 20]);
    await dataset.close();
  });

  it("reads labelled/<class> and unlabelled", async () => {
    const folder = writeTree(join(root, "split"), {
      "labelled/7/a.png": red,
      "labelled/3/b.png": blue,
      "unlabelled/c.png": red,
      "unlabelled/more/d.png": red,
    });
    const dataset = await openDataset(folder);
    expect(dataset.classNames).toEqual(["3", "7"]);
    expect([...dataset.labels]).toEqual([0, 1, -1, -1]);
    writeTree(folder, { "labelled/stray.png": red });
    expect(await failure(openDataset(folder))).toBe(
      `${folder}: "labelled/stray.png" lies in "labelled" without a class folder; expected labelled/<class>/stray.png. Move it into the folder of its class, or into "unlabelled".`,
    );
  });

  it("reads labels.csv, and a CSV named by `labels`", async () => {
    const folder = writeTree(join(root, "csv"), {
      "a.png": red,
      "b.png": blue,
      "c.png": red,
      "labels.csv": "file,label\nc.png,seven\na.png,three\n",
      "others.csv": 'label,file\r\n"one, two",b.png\r\n',
    });
    const dataset = await openDataset(folder);
    expect([dataset.classNames, [...dataset.labels]]).toEqual([
      ["seven", "three"],
      [1, -1, 0],
    ]);
    const other = await openDataset(folder, { labels: join(folder, "others.csv") });
    expect([other.classNames, [...other.labels]]).toEqual([["one, two"], [-1, 0, -1]]);
    expect(other.fingerprint).not.toBe(dataset.fingerprint);
  });

  it("looks through one folder around the classes, and follows links but not loops of them", async () => {
    const folder = writeTree(join(root, "nested"), { "all/cat/a.png": red, "all/dog/b.png": red });
    symlinkSync(folder, join(folder, "all", "cat", "loop"));
    expect((await openDataset(folder)).classNames).toEqual(["cat", "dog"]);
  });

  it("keeps class indices under `limit`", async () => {
    const dataset = await openDataset(join(root, "classes"), { limit: 2 });
    expect([dataset.size, dataset.classNames, [...dataset.labels]]).toEqual([2, ["cat", "dog"], [0, 1]]);
  });

  it("has a fingerprint that changes with names, contents' sizes and labels only", async () => {
    const make = async (name: string, files: Record<string, Buffer>) =>
      (await openDataset(writeTree(join(root, name), files))).fingerprint;
    const first = await make("print1", { "cat/a.png": red, "dog/b.png": blue });
    expect(await make("print2", { "cat/a.png": red, "dog/b.png": blue })).toBe(first);
    expect(await make("print3", { "cat/a.png": red, "dog/c.png": blue })).not.toBe(first);
    const larger = Buffer.concat([blue, Buffer.alloc(1)]);
    expect(await make("print4", { "cat/a.png": red, "dog/b.png": larger })).not.toBe(first);
    expect(await make("print5", { "cat/a.png": red, "cow/b.png": blue })).not.toBe(first);
  });
});

describe("openDataset on the built-in shapes", () => {
  it("opens them by name, and a folder of that name by its path", async () => {
    const train = await openDataset("shapes", { limit: 30 });
    const test = await openDataset("shapes", { limit: 30, split: "test", seed: 5 });
    const own = shapes({ split: "test", size: 30, seed: 5 });
    expect([train.size, train.skipped, train.onBroken]).toEqual([30, [], "error"]);
    expect([test.fingerprint, (await test.read(7)).data]).toEqual([own.fingerprint, (await own.read(7)).data]);
    expect(train.fingerprint).not.toBe(test.fingerprint);
    const folder = writeTree(join(root, "shapes"), { "a/x.png": red });
    expect((await openDataset(folder)).classNames).toEqual(["a"]);
    expect(await failure(openDataset("shapes", { labels: "x.csv" }))).toBe(
      'openDataset: `labels` does not apply to the built-in "shapes". Leave it out; a folder of that name is "./shapes".',
    );
  });
});

describe("openDataset on formats", () => {
  it("decodes PNG, JPEG, WebP, GIF and TIFF to RGB", async () => {
    const folder = join(root, "formats");
    for (const format of ["png", "jpeg", "webp", "gif", "tiff"] as const)
      writeTree(folder, { [`x.${format}`]: await picture([250, 128, 4], { format }) });
    const dataset = await openDataset(folder);
    expect(dataset.size).toBe(5);
    for (let i = 0; i < 5; i++) {
      const { data, channels } = await dataset.read(i);
      expect([data.length, channels]).toEqual([192, 3]);
      for (const [c, value] of [250, 128, 4].entries())
        expect(Math.abs(data[c]! - value), dataset.id(i)).toBeLessThanOrEqual(2); // JPEG rounds
    }
  });

  it("turns an image as its EXIF orientation says", async () => {
    // Black left, white right; orientation 6 is shown turned by 90 degrees clockwise: black above white.
    const raw = { width: 2, height: 1, channels: 3 } as const;
    const image = sharp(Buffer.from([0, 0, 0, 255, 255, 255]), { raw }).withMetadata({ orientation: 6 });
    const folder = writeTree(join(root, "turned"), { "a.png": await image.png().toBuffer() });
    const { data, height, width } = await (await openDataset(folder)).read(0);
    expect([height, width, ...data]).toEqual([2, 1, 0, 0, 0, 255, 255, 255]);
  });

  it("gives 3 channels for grey and transparent images, and 1 channel on request", async () => {
    const grey = sharp(Buffer.from([7, 90]), { raw: { width: 2, height: 1, channels: 1 } });
    const clear = sharp(Buffer.from([1, 2, 3, 255, 4, 5, 6, 255]), { raw: { width: 2, height: 1, channels: 4 } });
    const folder = writeTree(join(root, "channels"), {
      "clear.png": await clear.png().toBuffer(),
      "grey.png": await grey.toColourspace("b-w").png().toBuffer(),
    });
    const dataset = await openDataset(folder);
    expect([...(await dataset.read(0)).data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await dataset.read(1)).data]).toEqual([7, 7, 7, 90, 90, 90]);
    const one = await (await openDataset(folder, { channels: 1 })).read(1);
    expect([one.channels, ...one.data]).toEqual([1, 7, 90]);
  });

  it("refuses an image of more pixels than `maxPixels`", async () => {
    const dataset = await openDataset(join(root, "flat"), { maxPixels: 63 });
    expect(await failure(dataset.read(0))).toContain("a.png: Input image exceeds pixel limit");
  });
});

describe("openDataset on wrong paths", () => {
  it("shows the resolved path, what was expected and what is near", async () => {
    const message = await failure(openDataset(join(root, "clases")));
    expect(message).toContain(`The data path ${join(root, "clases")} does not exist.`);
    expect(message).toContain(`Did you mean "${join(root, "classes")}"?`);
    expect(message).toContain("Expected a folder of images (<class>/<name>.jpg");
    expect(await failure(openDataset(join(root, "no", "where")))).toContain(
      `Its folder ${join(root, "no")} does not exist either.`,
    );
    expect(await openDataset(join(root, "none")).catch(isSimclrError)).toBe(true);
  });

  it("says which folder of a pattern is missing", async () => {
    await expect(openDataset("/nowhere/train-*.tar")).rejects.toThrow(
      /^The folder \/nowhere of the pattern "\/nowhere\/train-\*\.tar" cannot be read: ENOENT.*\. Expected a folder that holds the shards; correct the path\.$/,
    );
  });

  it("says what a folder without images holds", async () => {
    const folder = writeTree(join(root, "texts"), { "a.txt": "x" });
    expect(await failure(openDataset(folder))).toMatch(
      /^No images in .*found 1 other files, the first of them a\.txt\.$/,
    );
  });

  it("names a link that leads nowhere", async () => {
    const folder = writeTree(join(root, "dangling"), { "cat/a.png": red });
    symlinkSync(join(root, "gone.png"), join(folder, "cat", "b.png"));
    expect(await failure(openDataset(folder))).toMatch(
      /^Cannot read .*cat\/b\.png: ENOENT.*Correct its permissions or its link/,
    );
  });

  it("asks which is meant if a folder holds archives and images", async () => {
    const folder = writeTree(join(root, "both"), { "cat/a.png": red });
    packTar(join(folder, "x.tar"), folder, ["cat"]);
    expect(await failure(openDataset(folder))).toContain(
      'holds both .tar files (x.tar) and images (cat/a.png). Say which are meant with format "tar", "parquet" or "folder".',
    );
    expect((await openDataset(folder, { format: "folder" })).id(0)).toBe("cat/a.png");
    expect((await openDataset(folder, { format: "tar" })).id(0)).toBe("x.tar:cat/a.png");
  });

  it("names the broken image when it is read", async () => {
    const jpeg = await picture([1, 2, 3], { width: 64, height: 64, format: "jpeg" });
    const folder = writeTree(join(root, "broken"), { "a.jpg": jpeg.subarray(0, jpeg.length - 20), "b.jpg": "" });
    const dataset = await openDataset(folder);
    expect(await failure(dataset.read(0))).toMatch(/^Cannot decode the image a\.jpg: .*onBroken: "skip"/);
    expect(await failure(dataset.read(1))).toMatch(/^Cannot decode the image b\.jpg: the file is empty\. /);
    expect(await failure(dataset.read(2))).toContain("`index` must be an integer in [0, 2); received 2.");
  });
});
