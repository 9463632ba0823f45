import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fixtures, put } from "../files.mjs";
import { mutate, pick } from "../mutate.mjs";
import { readSome } from "../read-some.mjs";

const BLOCK = 512;
const CHECKSUM = 148;

/** Archives by the system's tar, of every format that it writes. */
function seeds(folder) {
  const images = fixtures("images");
  const long = `dog/${"x".repeat(70)}/${"y".repeat(60)}.png`;
  const tree = join(folder, "tree");
  const files = {
    "cat/a.jpg": images["baseline.jpg"],
    "cat/a.cls": "1\n",
    "dog/b.png": images["rgb.png"],
    "dog/b.json": '{"label": 0}',
    "notes.txt": "x",
  };
  for (const [name, bytes] of Object.entries(files)) put(tree, name, bytes);
  put(tree, long, images["palette.png"]);
  return ["v7", "ustar", "gnu", "posix"].map((format) => {
    const path = join(folder, `${format}.tar`);
    const names = [...Object.keys(files), ...(format === "v7" ? [] : [long])];
    const fixed = [
      "--mtime=@0",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--mode=0644",
      "--pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f",
    ];
    const options = format === "posix" ? fixed : fixed.slice(0, -1);
    execFileSync("tar", [`--format=${format}`, ...options, "-cf", path, "-C", tree, ...names]);
    return readFileSync(path);
  });
}

export const tar = {
  name: "tar",
  prepare: (folder) => ({ seeds: seeds(folder) }),
  make({ seeds: archives }, random, repaired) {
    const original = pick(archives, random);
    if (!repaired) return mutate(original, random);
    return random.bernoulli(0.7) ? mutateHeader(original, random) : mutateBlocks(original, random);
  },
  run: (bytes, folder) => readSome(put(folder, "case.tar", bytes)),
};

/** Damages a header, and gives it the checksum of its bytes. */
function mutateHeader(original, random) {
  const headers = [];
  for (let at = 0; at + BLOCK <= original.length; at += BLOCK)
    if (isHeader(original.subarray(at, at + BLOCK))) headers.push(at);
  const at = pick(headers, random);
  const bytes = Buffer.from(original);
  const header = bytes.subarray(at, at + BLOCK).fill(0);
  mutate(original.subarray(at, at + BLOCK), random).copy(header);
  let sum = 8 * 0x20;
  for (const [i, byte] of header.entries()) if (i < CHECKSUM || i >= CHECKSUM + 8) sum += byte;
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, CHECKSUM, "latin1");
  return bytes;
}

/** Takes whole blocks away, or writes them twice: headers stay sound, but stand where contents were. */
function mutateBlocks(original, random) {
  const blocks = original.length / BLOCK;
  const start = random.integer(0, blocks) * BLOCK;
  const end = Math.min(original.length, start + random.integer(1, 5) * BLOCK);
  return random.bernoulli(0.5)
    ? Buffer.concat([original.subarray(0, start), original.subarray(end)])
    : Buffer.concat([original.subarray(0, end), original.subarray(start)]);
}

/** Whether a block is a header: it has a mode and a checksum. */
function isHeader(block) {
  return (
    /^[0-7]{7}$/.test(block.toString("latin1", 100, 107)) &&
    /^[0-7]{6}/.test(block.toString("latin1", CHECKSUM, CHECKSUM + 6))
  );
}
