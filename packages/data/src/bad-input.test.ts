// What people and attackers hand in. By package name, since workers run from dist.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { cacheDecoded, defineDataset, openDataset } from "@simclr/data";
import { packTar as packModern } from "modern-tar";
import { describe, expect, it } from "vitest";
import { failure, packTar, picture, temporaryFolder, writeTree } from "../test/files.js";

const root = temporaryFolder();
const image = await picture([200, 10, 20]);

describe("bad input", () => {
  it("a picture of more pixels than allowed is refused before it is unpacked, by readers and by workers", async () => {
    const bomb = Buffer.from(image); // its header claims 12,000 × 12,000
    bomb.writeUInt32BE(12_000, 16);
    bomb.writeUInt32BE(12_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    const dataset = await openDataset(writeTree(join(root, "bomb"), { "cat/bomb.png": bomb, "cat/ok.png": image }));
    const message = /^Cannot decode the image cat\/bomb\.png: Input image exceeds pixel limit\. Replace or remove it/;
    expect(await failure(dataset.read(0))).toMatch(message);
    expect(await failure(cacheDecoded(dataset))).toMatch(message);
    const cached = await cacheDecoded(dataset, { onBroken: "skip" });
    expect([cached.size, cached.skipped]).toEqual([
      1,
      [{ id: "cat/bomb.png", reason: "Input image exceeds pixel limit" }],
    ]);
  });

  it("an archive of arrays that claims more than it can hold is refused before it is unpacked", async () => {
    const path = join(root, "bomb.npz");
    const content = Buffer.alloc(1000);
    writeFileSync(path, zipOf("images.npy", content, 10_000_000_000 % 2 ** 32));
    expect(await failure(openDataset(path))).toMatch(
      /bomb\.npz:images: the archive is damaged, or is no \.npz file: its member claims \d+ bytes from \d+, more than deflate can give\./,
    );
    writeFileSync(path, zipOf("images.npy", content, 900)); // less than it holds
    expect(await failure(openDataset(path))).toContain("bomb.npz:images: the archive is damaged");
    writeFileSync(path, zipOf("../images.npy", content, content.length));
    expect(await failure(openDataset(path))).toContain(
      "bomb.npz: the archive is damaged, or is no .npz file: invalid relative path: ../images.npy",
    );
  });

  it("a member that leads outside of its archive is refused by name", async () => {
    const bytes = await packModern([
      { header: { name: "cat/a.png", size: image.length }, body: image },
      { header: { name: "cat/../../b.png", size: image.length }, body: image },
    ]);
    const path = join(root, "outside.tar");
    writeFileSync(path, bytes);
    expect(await failure(openDataset(path))).toContain('its member "cat/../../b.png" leads outside the archive.');
    const rest = await openDataset(path, { onBroken: "skip" });
    expect([rest.size, rest.skipped.length]).toEqual([1, 1]);
  });

  it("links that lead in a circle are named, those to folders above are not followed", async () => {
    const folder = writeTree(join(root, "loops"), { "cat/a.png": image });
    symlinkSync("..", join(folder, "cat", "up"));
    expect((await openDataset(folder)).size).toBe(1);
    symlinkSync("two.png", join(folder, "cat", "one.png"));
    symlinkSync("one.png", join(folder, "cat", "two.png"));
    expect(await failure(openDataset(folder))).toMatch(
      /^Cannot read .*\/cat\/(one|two)\.png: ELOOP.*Correct its permissions or its link/,
    );
    const list = join(writeTree(folder, { "list.txt": "cat/one.png\n" }), "list.txt");
    expect(await failure(openDataset(list))).toMatch(/list\.txt:1: names "cat\/one\.png", which cannot be read: ELOOP/);
  });

  it("a folder that is called like an archive is a folder", async () => {
    const folder = writeTree(join(root, "photos.tar"), { "cat/a.png": image, "dog.tar/b.png": image });
    expect((await openDataset(folder)).classNames).toEqual(["cat", "dog.tar"]);
    expect(await failure(openDataset([folder]))).toBe(
      `${folder} is a folder, where a tar archive is expected. Rename the folder to open it as one of images, or correct the path.`,
    );
    mkdirSync(join(root, "p.parquet"));
    expect(await failure(openDataset([join(root, "p.parquet")]))).toContain("p.parquet");
    expect(await failure(openDataset(join(root, "p.parquet")))).toContain("No images in");
  });

  it("files of kinds that are not known are named with what would be", async () => {
    const path = join(writeTree(root, { "images.zip": "PK" }), "images.zip");
    expect(await failure(openDataset(path))).toMatch(
      /images\.zip: this kind of file is not known by its name\. Expected a folder of images/,
    );
    expect(await failure(openDataset(path, { format: "splits" }))).toContain(
      'is a file, but format "splits" was asked for, which is a folder.',
    );
    expect(await failure(openDataset(root, { format: "npy" }))).toContain(
      'is a folder, but format "npy" was asked for, which is a file.',
    );
    const tar = packTar(join(root, "a.tar"), join(root, "loops"), ["cat/a.png"]);
    expect(await failure(openDataset([tar, "b.parquet"]))).toContain("are of several kinds. Give files of one kind");
  });

  it("images of unequal channels are refused by the number of the first that differs", async () => {
    const dataset = defineDataset({
      name: "mixed",
      size: 3,
      read: (i) => ({ data: new Uint8Array(i === 2 ? 4 : 3), height: 1, width: 1, channels: i === 2 ? 4 : 3 }),
    });
    expect(await failure(cacheDecoded(dataset))).toContain("Image 2 has 4 channels, those before it have 3.");
  });

  it.each([
    [
      { background: [0, 0, 256] as const },
      "`background` must be three integers in [0, 255]: red, green and blue; received [0, 0, 256]",
    ],
    [{ background: [0, 0, 0] as const, channels: 4 as const }, "`background` must be left out with channels 4"],
    [{ range: [1, 1] as const }, "`range` must be [low, high] with low < high, both finite; received [1, 1]"],
    [{ classNames: ["a", "a"] }, '`classNames` must be without duplicates; received "a" twice'],
    [{ classNames: [] }, "`classNames` must be a list of names, none of them empty"],
    [
      { range: [0, 1] as const, format: "folder" as const },
      'which has the format "folder". Leave it out; it is for "npy".',
    ],
    [{ classNames: ["a", "b"], format: "shapes" as const }, '`classNames` does not apply to the built-in "shapes"'],
    [
      { split: "validation" as const, format: "shapes" as const },
      'the built-in "shapes" have the splits "train" and "test"',
    ],
  ])("options that fit nothing are refused: %j", async (options, message) => {
    expect(await failure(openDataset(root, options))).toContain(message);
  });
});

/** A zip archive of one deflated member, with the unpacked size that it claims. */
function zipOf(name: string, content: Buffer, claimed: number): Buffer {
  const packed = deflateRawSync(content);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(claimed, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
  const central = Buffer.alloc(46);
  central.write("PK\x01\x02", "latin1");
  central.writeUInt16LE(20, 4);
  common.copy(central, 6);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, Buffer.from(name), end]);
}
