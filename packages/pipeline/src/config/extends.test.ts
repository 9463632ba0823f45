import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { presetNames } from "../presets.js";
import { loadConfig } from "./load.js";

const BASE = `name: base
plugins: [./speckle.js]
data: { train: images, test: test.tar, imageSize: 32 }
method: { name: simclr, temperature: 0.5 }
backend: { name: cpu, threads: 2 }
pretrain:
  batchSize: 64
  epochs: 2
  optimizer: { name: momentum, learningRate: 0.3, nesterov: true }
labels: [{ perClass: 10 }, { fraction: 0.1 }]
finetune: { batchSize: 64, steps: 10, optimizer: { learningRate: 0.05 } }
`;

let folder = "";
const file = (name: string): string => join(folder, name);
const write = (name: string, text: string): void => writeFileSync(file(name), text);
const load = (name: string, set: readonly string[] = []) => loadConfig(file(name), { set });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "simclr-extends-"));
  mkdirSync(file("bases"));
  write("bases/base.yaml", BASE);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("extends", () => {
  it("merges blocks, replaces lists and blocks of another name, and removes what is null", async () => {
    write(
      "own.yaml",
      `extends: bases/base.yaml
name: own
method: { name: byol, momentum: 0.9 }
backend: { name: onednn }
pretrain: { epochs: null, steps: 5, optimizer: { learningRate: 0.1 } }
labels: [{ perClass: 3 }]
`,
    );
    const config = await load("own.yaml");
    expect(config).toMatchObject({
      name: "own",
      method: { name: "byol", momentum: 0.9 },
      backend: { name: "onednn", threads: 2 },
      pretrain: { batchSize: 64, steps: 5, optimizer: { name: "momentum", learningRate: 0.1, nesterov: true } },
      labels: [{ perClass: 3 }],
    });
    expect(config).not.toHaveProperty("extends");
    expect(config.method).not.toHaveProperty("temperature");
    expect(config.pretrain.epochs).toBeUndefined();
  });

  it("lays later bases over earlier ones, and assignments over all", async () => {
    write("fast.yaml", "pretrain: { batchSize: 16 }\nlabels: [{ perClass: 1 }]\n");
    write("two.yaml", "extends: [bases/base.yaml, ./fast.yaml]\n");
    const config = await load("two.yaml", [
      "pretrain.epochs=7",
      "labels.0.perClass=4",
      "finetune.optimizer.clipNorm=1",
    ]);
    expect([config.name, config.pretrain.batchSize, config.pretrain.epochs]).toEqual(["base", 16, 7]);
    expect([config.labels, config.finetune.optimizer.clipNorm]).toEqual([[{ perClass: 4 }], 1]);
  });

  it("resolves plugins, root and cache from the file that writes them, and data below the root", async () => {
    write("bases/rooted.yaml", "extends: base.yaml\ndata: { root: photos, cacheFolder: cache }\n");
    write("plain.yaml", "extends: bases/base.yaml\n");
    write("below.yaml", "extends: bases/rooted.yaml\ndata: { test: held-out }\n");
    expect((await load("plain.yaml")).data.train).toBe(file("images"));
    const { plugins, data } = await load("below.yaml");
    expect(plugins).toEqual([file("bases/speckle.js")]);
    expect([data.root, data.train, data.test, data.cacheFolder]).toEqual(
      ["bases/photos", "bases/photos/images", "bases/photos/held-out", "bases/cache"].map(file),
    );
  });

  it("knows the presets by name, alone and as a base", async () => {
    expect(presetNames()).toEqual(expect.arrayContaining(["cifar10-small", "signs-few-labels"]));
    write("preset.yaml", "extends: cifar10-small\nname: mine\n");
    const config = await load("preset.yaml");
    expect([config.name, config.method.name, config.data.test]).toEqual(["mine", "simclr", file("test.tar")]);
    const alone = await loadConfig("cifar10-small");
    expect([alone.name, alone.data.test]).toEqual(["cifar10-small", resolve("test.tar")]);
  });

  it("says the place in the file that is at fault", async () => {
    const place = (name: string): string => relative(".", file(name));
    write("bases/wrong.yaml", "extends: base.yaml\npretrain:\n  batchSise: 3\n  batchSize: none\n");
    write("innocent.yaml", "extends: bases/wrong.yaml\nname: innocent\n");
    const wrong = `${place("bases/wrong.yaml")}:3:3: unknown key "pretrain.batchSise". Did you mean "batchSize"?`;
    await expect(load("innocent.yaml")).rejects.toThrow(wrong);
    await expect(load("innocent.yaml")).rejects.toThrow(`${place("bases/wrong.yaml")}:4:14: \`pretrain.batchSize\``);
    // What the base had is gone with its block.
    write("adamw.yaml", "extends: bases/base.yaml\npretrain:\n  optimizer: { name: adamw }\n");
    await expect(load("adamw.yaml")).rejects.toThrow(
      /adamw\.yaml:3:14: `pretrain\.optimizer\.learningRate`: .*; it is missing\./,
    );
    write("bases/broken.yaml", "name: [\n");
    write("broken.yaml", "extends: bases/broken.yaml\n");
    await expect(load("broken.yaml")).rejects.toThrow(`${place("bases/broken.yaml")}:`);
    await expect(load("two.yaml", ["pretrain.batchSize=x"])).rejects.toThrow(
      /^--set pretrain\.batchSize=x: `pretrain\.batchSize`: .* received "x"/,
    );
  });

  it("names a circle, a missing file and an unknown preset", async () => {
    write("a.yaml", "extends: bases/b.yaml\n");
    write("bases/b.yaml", "name: b\nextends: [../a.yaml]\n");
    await expect(load("a.yaml")).rejects.toThrow(
      /bases\/b\.yaml:2:11: `extends` goes in a circle: .*a\.yaml extends .*b\.yaml extends .*a\.yaml\. Remove one of them\./,
    );
    write("missing.yaml", "extends: nowhere.yaml\n");
    await expect(load("missing.yaml")).rejects.toThrow(
      `missing.yaml:1:10: \`extends\`: there is no file ${file("nowhere.yaml")}.`,
    );
    write("unknown.yaml", "extends: cifar10-smal\n");
    await expect(load("unknown.yaml")).rejects.toThrow(
      'there is no preset "cifar10-smal". Did you mean "cifar10-small"? Presets are cifar10-',
    );
    write("list.yaml", "- a\n");
    await expect(load("list.yaml")).rejects.toThrow("list.yaml:1:1: a configuration is a mapping of keys");
  });
});
