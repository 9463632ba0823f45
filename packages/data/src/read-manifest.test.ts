import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failure, picture, temporaryFolder, writeTree } from "../test/files.js";
import { openDataset } from "./open-dataset.js";

const root = temporaryFolder();
const red = await picture([200, 10, 20]);
const blue = await picture([10, 20, 200]);
const folder = writeTree(join(root, "images"), {
  "cat/a.png": red,
  "cat/b c.png": blue,
  "dog/d.png": red,
  "other/e.png": blue,
  "notes.pdf": "x",
});
const manifest = (name: string, content: string): string => join(writeTree(folder, { [name]: content }), name);
const idsAndLabels = async (path: string, options = {}) => {
  const dataset = await openDataset(path, options);
  return {
    ids: Array.from({ length: dataset.size }, (_, i) => dataset.id(i)),
    classNames: dataset.classNames,
    labels: [...dataset.labels],
  };
};

describe("a list of files", () => {
  it("gives images in its order, with classes from their folders", async () => {
    const path = manifest("list.txt", "dog/d.png\r\n\r\n./cat/a.png\r\ncat/b c.png\r\n");
    expect(await idsAndLabels(path)).toEqual({
      ids: ["dog/d.png", "./cat/a.png", "cat/b c.png"],
      classNames: ["cat", "dog"],
      labels: [1, 0, 0],
    });
    const dataset = await openDataset(path);
    expect([...(await dataset.read(2)).data.subarray(0, 3)]).toEqual([10, 20, 200]);
    expect((await idsAndLabels(path, { limit: 1 })).labels).toEqual([1]);
  });

  it("may say classes after a tab, or numbers after a space", async () => {
    expect(await idsAndLabels(manifest("tabs.lst", "dog/d.png\thound\ncat/a.png\ncat/b c.png\tsmall cat\n"))).toEqual({
      ids: ["dog/d.png", "cat/a.png", "cat/b c.png"],
      classNames: ["hound", "small cat"],
      labels: [0, -1, 1],
    });
    expect((await idsAndLabels(manifest("numbers.txt", "dog/d.png 7\ncat/a.png 3\n"))).classNames).toEqual(["3", "7"]);
  });

  it("may name files elsewhere, which then have no classes", async () => {
    const path = join(
      writeTree(join(root, "lists"), { "x.txt": `../images/cat/a.png\n${join(folder, "dog/d.png")}\n` }),
      "x.txt",
    );
    expect(await idsAndLabels(path)).toMatchObject({ classNames: [], labels: [-1, -1] });
  });

  it("names the line that is wrong", async () => {
    const missing = manifest("missing.txt", "cat/a.png\n\ncat/x.png\n");
    expect(await failure(openDataset(missing))).toMatch(
      /missing\.txt:3: names "cat\/x\.png", which cannot be read: ENOENT.*Paths are relative to .*images; correct or remove the line\.$/,
    );
    const skipping = await openDataset(missing, { onBroken: "skip" });
    expect([skipping.size, skipping.skipped.map(({ id }) => id)]).toEqual([1, ["cat/x.png"]]);
    expect(await failure(openDataset(manifest("twice.txt", "cat/a.png\ncat/a.png\n")))).toContain(
      'twice.txt:2: "cat/a.png" was named before, on line 1. Remove one of the two.',
    );
    expect(await failure(openDataset(manifest("kinds.txt", "notes.pdf\n")))).toContain(
      'kinds.txt:1: "notes.pdf" is not the name of an image.',
    );
    expect(await failure(openDataset(manifest("none.txt", "\n")))).toContain("the manifest names no images");
    expect(await failure(openDataset(manifest("tab.txt", "cat/a.png\t\n")))).toContain(
      "tab.txt:1: has a tab but no class",
    );
  });
});

describe("a CSV or JSONL manifest", () => {
  it("knows the usual columns, and ignores others", async () => {
    const csv = manifest("m.csv", 'id,path,label\n1,dog/d.png,hound\n2,"cat/b c.png",\n3,cat/a.png,"cat, small"\n');
    const expected = {
      ids: ["dog/d.png", "cat/b c.png", "cat/a.png"],
      classNames: ["cat, small", "hound"],
      labels: [1, -1, 0],
    };
    expect(await idsAndLabels(csv)).toEqual(expected);
    const lines = [
      { file_name: "dog/d.png", label: "hound", id: 1 },
      { file_name: "cat/b c.png", label: null },
      { file_name: "cat/a.png", label: "cat, small" },
    ];
    expect(await idsAndLabels(manifest("m.jsonl", lines.map((line) => JSON.stringify(line)).join("\n")))).toEqual(
      expected,
    );
    const order = await idsAndLabels(csv, { classNames: ["hound", "unseen", "cat, small"] });
    expect(order).toMatchObject({ classNames: ["hound", "unseen", "cat, small"], labels: [0, -1, 2] });
  });

  it("goes by the columns that `columns` names", async () => {
    const path = manifest("own.csv", "where,kind\ncat/a.png,7\ndog/d.png,8\n");
    expect(await failure(openDataset(path))).toContain(
      'own.csv:1: no column names the images; received the header "where,kind", expected one of file, file_name,',
    );
    expect(await idsAndLabels(path, { columns: { image: "where", label: "kind" } })).toMatchObject({
      classNames: ["7", "8"],
      labels: [0, 1],
    });
    expect(await failure(openDataset(path, { columns: { image: "where", label: "kinds" } }))).toContain(
      'own.csv:1: has no "kinds", which `columns.label` names; received where, kind. Did you mean "kind"?',
    );
  });

  it("without labels takes classes from folders", async () => {
    expect(await idsAndLabels(manifest("bare.csv", "file\ncat/a.png\ndog/d.png\n"))).toMatchObject({
      classNames: ["cat", "dog"],
      labels: [0, 1],
    });
  });

  it("names the line that is wrong, or the class that is not expected", async () => {
    expect(await failure(openDataset(manifest("short.csv", "file,label\ncat/a.png\n")))).toContain(
      "short.csv:2: expected 2 fields, as in the header; received 1.",
    );
    expect(await failure(openDataset(manifest("bad.jsonl", '{"file": "cat/a.png"}\n{"file": \n')))).toContain(
      "bad.jsonl:2: is not JSON",
    );
    expect(await failure(openDataset(manifest("list.jsonl", "[1]\n")))).toContain(
      'list.jsonl:1: expected an object such as {"file"',
    );
    expect(await failure(openDataset(manifest("kind.jsonl", '{"file": "cat/a.png", "label": [1]}\n')))).toContain(
      "kind.jsonl:1: the label [1] is neither a text nor a number nor null.",
    );
    expect(await failure(openDataset(manifest("empty.csv", "")))).toContain("empty.csv:1: the manifest is empty");
    expect(
      await failure(openDataset(manifest("other.csv", "file,label\ncat/a.png,cats\n"), { classNames: ["cat", "dog"] })),
    ).toBe(
      'cat/a.png: its class "cats" is not among the 2 `classNames`. Did you mean "cat"? Add the class to the list, or take the image out.',
    );
  });
});
