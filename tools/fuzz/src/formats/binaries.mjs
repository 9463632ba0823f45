import { rmSync } from "node:fs";
import { join } from "node:path";
import { fixtures, put } from "../files.mjs";
import { mutate, pick } from "../mutate.mjs";
import { readSome } from "../read-some.mjs";

const SETS = ["cifar-10", "cifar-100", "stl-10"];
const SPLITS = ["train", "test", "unlabelled", "train+unlabelled"];

/** CIFAR and STL-10, which have no checksums: one file of a folder is damaged. "Repaired" keeps its length. */
export const binaries = {
  name: "binaries",
  prepare: () => ({ seeds: SETS.map((name) => [name, fixtures(`binaries/${name}`)]) }),
  make({ seeds }, random, repaired) {
    const [set, files] = pick(seeds, random);
    const name = pick(Object.keys(files), random);
    let bytes = mutate(files[name], random);
    if (repaired)
      bytes = Buffer.concat([bytes, Buffer.alloc(Math.max(0, files[name].length - bytes.length))]).subarray(
        0,
        files[name].length,
      );
    return Object.assign(bytes, {
      set,
      files,
      name,
      split: pick(set === "stl-10" ? SPLITS : SPLITS.slice(0, 2), random),
    });
  },
  async run(bytes, folder) {
    const { set, files, name, split } = bytes;
    const at = join(folder, set);
    rmSync(at, { recursive: true, force: true });
    for (const [each, content] of Object.entries(files)) put(at, each, each === name ? bytes : content);
    await readSome(at, { split });
  },
};
