import { linkSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failure, packTar, picture, temporaryFolder, writeTree } from "../test/files.js";
import { openDataset } from "./open-dataset.js";

const root = temporaryFolder();
const tree = join(root, "tree");
const colors = [0, 60, 120, 180].map((red) => [red, 5, 9] as const);
const [a, b, c, d] = (await Promise.all(colors.map((color) => picture(color)))) as [Buffer, Buffer, Buffer, Buffer];
writeTree(tree, { "dog/a.png": a, "cat/b.png": b, "cat/c.png": c, "top.png": d, "cat/readme.txt": "hello" });

const redOf = async (dataset: Awaited<ReturnType<typeof openDataset>>, index: number) =>
  (await dataset.read(index)).data[0];

describe("tar shards", () => {
  it("are read at random in the order of the archive, with the first folder as class", async () => {
    const path = packTar(join(root, "a.tar"), tree, ["dog/a.png", "cat", "top.png"]);
    const dataset = await openDataset(path);
    const ids = Array.from({ length: dataset.size }, (_, i) => dataset.id(i));
    expect(ids[0]).toBe("a.tar:dog/a.png");
    expect(ids[3]).toBe("a.tar:top.png");
    expect(new Set(ids)).toEqual(new Set(["dog/a.png", "cat/b.png", "cat/c.png", "top.png"].map((n) => `a.tar:${n}`)));
    expect([dataset.classNames, [...dataset.labels]]).toEqual([
      ["cat", "dog"],
      [1, 0, 0, -1],
    ]);
    expect(dataset.ignored).toEqual(["a.tar:cat/readme.txt"]);
    expect(await redOf(dataset, 3)).toBe(180);
    expect(await redOf(dataset, 0)).toBe(0);
    expect(await redOf(dataset, ids.indexOf("a.tar:cat/c.png"))).toBe(120);
    await dataset.close();
    expect(await failure(dataset.read(0))).toContain("the data set is closed");
  });

  it.each(["v7", "ustar", "gnu", "posix"])("are read in the %s format", async (format) => {
    // 140 characters: ustar splits them, gnu and posix write an extended header; v7 has no such names.
    const long = format === "v7" ? "dog/b" : `dog/${"x".repeat(70)}/${"y".repeat(60)}`;
    const from = writeTree(join(root, `tree-${format}`), { [`${long}.png`]: b, "cat/a.png": a });
    const path = packTar(join(root, `${format}.tar`), from, ["dog", "cat"], `--format=${format}`);
    const dataset = await openDataset(path);
    expect(dataset.id(0)).toBe(`${format}.tar:${long}.png`);
    expect([dataset.size, await redOf(dataset, 0), await redOf(dataset, 1)]).toEqual([2, 60, 0]);
    await dataset.close();
  });

  it("list links, which have no content of their own", async () => {
    const from = writeTree(join(root, "links"), { "dog/a.png": a });
    linkSync(join(from, "dog", "a.png"), join(from, "dog", "hard.png"));
    symlinkSync(`${"x".repeat(120)}.png`, join(from, "dog", `${"s".repeat(120)}.png`));
    const names = ["dog/a.png", "dog/hard.png", `dog/${"s".repeat(120)}.png`];
    const dataset = await openDataset(packTar(join(root, "links.tar"), from, names, "--format=gnu"));
    expect([dataset.size, dataset.id(0)]).toEqual([1, "links.tar:dog/a.png"]);
    expect(dataset.ignored).toEqual(names.slice(1).map((name) => `links.tar:${name}`));
  });

  it("are found through patterns, in the order that braces give", async () => {
    const folder = join(root, "shards");
    writeTree(folder, { x: "" });
    packTar(join(folder, "train-0.tar"), tree, ["dog/a.png"]);
    packTar(join(folder, "train-1.tar"), tree, ["cat/b.png"]);
    packTar(join(folder, "test.tar"), tree, ["cat/c.png"]);
    const ids = async (path: string, options = {}) => {
      const dataset = await openDataset(path, options);
      return Array.from({ length: dataset.size }, (_, i) => dataset.id(i));
    };
    const both = ["train-0.tar:dog/a.png", "train-1.tar:cat/b.png"];
    expect(await ids(join(folder, "train-*.tar"))).toEqual(both);
    expect(await ids(folder, { pattern: "train-?.tar" })).toEqual(both);
    expect(await ids(join(folder, "train-{1..0}.tar"))).toEqual([...both].reverse());
    expect(await ids(folder)).toEqual(["test.tar:cat/c.png", ...both]);
    expect(await failure(openDataset(join(folder, "train-{0..2}.tar")))).toContain(
      `No file matches ${join(folder, "train-2.tar")}, from the pattern "${join(folder, "train-{0..2}.tar")}". Did you mean`,
    );
    expect(await failure(openDataset(folder, { pattern: "val-*.tar" }))).toContain(
      "The folder holds test.tar, train-0.tar, train-1.tar. Correct the pattern.",
    );
  });

  it("say in which member they are cut short, or leave the rest out on request", async () => {
    const path = packTar(join(root, "whole.tar"), tree, ["dog/a.png", "cat/b.png"]);
    const bytes = readFileSync(path);
    const cut = join(root, "cut.tar");
    writeFileSync(cut, bytes.subarray(0, 1024 + 512 + 40)); // a header and a block of each, all but 40 bytes
    expect(await failure(openDataset(cut))).toBe(
      `${cut}:cat/b.png: the tar archive is cut short inside this member: ${b.length} bytes expected, 40 left in the file. Copy or build the archive again, or pass onBroken: "skip" to use the members before it.`,
    );
    const dataset = await openDataset(cut, { onBroken: "skip" });
    expect([dataset.size, dataset.id(0), dataset.skipped.length]).toEqual([1, "cut.tar:dog/a.png", 1]);
    expect(dataset.skipped[0]!.id).toBe(`${cut}:cat/b.png`);

    writeFileSync(cut, bytes.subarray(0, 1024));
    expect(await failure(openDataset(cut))).toContain('is cut short after the member "dog/a.png" (byte 1024)');
  });

  it("say where they are damaged, compressed, or no archive at all", async () => {
    const path = packTar(join(root, "sound.tar"), tree, ["dog/a.png", "cat/b.png"]);
    const bytes = readFileSync(path);
    bytes[1024 + 3] = bytes[1024 + 3]! ^ 1;
    const damaged = join(root, "damaged.tar");
    writeFileSync(damaged, bytes);
    expect(await failure(openDataset(damaged))).toMatch(
      /damaged\.tar: the file is damaged after the member "dog\/a\.png" \(byte 1024\): its header's checksum is \d+, but its bytes sum to \d+\./,
    );
    const text = join(writeTree(root, { "text.tar": "no archive ".repeat(100) }), "text.tar");
    expect(await failure(openDataset(text))).toContain("is not a tar archive, or is damaged, at its start (byte 0)");
    const packed = packTar(join(root, "packed.tar.gz"), tree, ["dog"], "-z");
    expect(await failure(openDataset(packed))).toContain("the archive is compressed");
    const empty = packTar(join(root, "empty.tar"), tree, ["cat/readme.txt"]);
    expect(await failure(openDataset(empty))).toContain(
      "found 1 other files, the first of them empty.tar:cat/readme.txt",
    );
  });

  it("name the member whose image is broken", async () => {
    const from = writeTree(join(root, "bad"), { "dog/ok.png": a, "dog/bad.jpg": "this is no JPEG" });
    const dataset = await openDataset(packTar(join(root, "bad.tar"), from, ["dog/ok.png", "dog/bad.jpg"]));
    expect(await failure(dataset.read(1))).toMatch(/^Cannot decode the image bad\.tar:dog\/bad\.jpg: /);
    await dataset.close();
  });
});
