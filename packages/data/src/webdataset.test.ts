import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failure, packTar, picture, temporaryFolder, writeTree } from "../test/files.js";
import { openDataset } from "./open-dataset.js";

const root = temporaryFolder();
const images = await Promise.all([0, 40, 80, 120].map((red) => picture([red, 5, 9])));
let count = 0;

/** A shard by the system's tar. */
function shard(name: string, files: Readonly<Record<string, Buffer | string>>): string {
  const from = writeTree(join(root, `tree-${count++}`), files);
  return packTar(join(root, name), from, Object.keys(files));
}

describe("WebDataset shards", () => {
  it("take classes by number from .cls, in shards that braces name", async () => {
    shard("set-000.tar", {
      "a/0001.cls": "2\n",
      "a/0001.jpg": images[0]!,
      "a/0002.cls": "0",
      "a/0002.png": images[1]!,
    });
    shard("set-001.tar", { "0001.jpg": images[2]!, "0001.cls": "10", "0002.jpg": images[3]! });
    const dataset = await openDataset(join(root, "set-{000..001}.tar"));
    expect([...dataset.labels]).toEqual([2, 0, 10, -1]);
    expect(dataset.classNames).toEqual(Array.from({ length: 11 }, (_, i) => String(i)));
    expect(dataset.id(2)).toBe("set-001.tar:0001.jpg");
    expect((await dataset.read(2)).data[0]).toBe(80);
    expect(dataset.ignored).toEqual([]);
    const names = Array.from({ length: 11 }, (_, i) => `kind ${i}`);
    expect((await openDataset(join(root, "set-{000..001}.tar"), { classNames: names })).classNames).toEqual(names);
    expect(await failure(openDataset(join(root, "set-001.tar"), { classNames: ["a", "b"] }))).toContain(
      "set-001.tar:0001.jpg: its label 10 is not a class; expected an integer in [0, 2)",
    );
    await dataset.close();
  });

  it("take classes by name from .json, and other pictures of a sample for what they are", async () => {
    const path = shard("json.tar", {
      "x.json": JSON.stringify({ label: "dog", width: 8 }),
      "x.jpg": images[0]!,
      "x.mask.png": images[1]!,
      "y.json": JSON.stringify({ label: null }),
      "y.jpg": images[2]!,
    });
    const dataset = await openDataset(path);
    expect([dataset.size, dataset.classNames, [...dataset.labels]]).toEqual([2, ["dog"], [0, -1]]);
    expect(dataset.ignored).toEqual(["json.tar:x.mask.png"]);
    expect(await failure(openDataset(path, { columns: { label: "width" } }))).toContain(
      'json.tar:y.json: the label cannot be read: it has no "width". Expected an object with the key "width"',
    );
  });

  it("go by folders where nothing lies beside the images", async () => {
    const path = shard("folders.tar", {
      "cat/x.jpg": images[0]!,
      "dog/y.jpg": images[1]!,
      "about.json": '{"label": 1}',
    });
    expect((await openDataset(path)).classNames).toEqual(["cat", "dog"]);
  });

  it("name the member whose label cannot be read", async () => {
    const empty = shard("empty.tar", { "a.cls": " ", "a.jpg": images[0]! });
    expect(await failure(openDataset(empty))).toBe(
      "empty.tar:a.cls: the label cannot be read: it is empty. Expected the number or the name of a class; correct the member.",
    );
    const broken = shard("broken.tar", { "a.json": '{"label":', "a.jpg": images[0]! });
    expect(await failure(openDataset(broken))).toContain("broken.tar:a.json: the label cannot be read: it is not JSON");
    const kind = shard("kind.tar", { "a.json": '{"label": [3]}', "a.jpg": images[0]! });
    expect(await failure(openDataset(kind))).toContain('its "label" is [3]');
  });
});
