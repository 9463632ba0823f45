import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { silent } from "../events.js";
import { openImages } from "../images.js";
import { run } from "../run/run.js";
import { checkImagesSpecs } from "./build-dataset.js";
import { openParts } from "./parts.js";

const FIXTURES = fileURLToPath(new URL("../../fixtures/plugins/", import.meta.url));

/** A config with these settings under `data`, in JSON, which is YAML. */
function configOf(data: object, folder = FIXTURES): Config {
  const training = { batchSize: 4, steps: 1, optimizer: { learningRate: 0.1 } };
  const text = {
    name: "stripes",
    plugins: ["./stripes.mjs"],
    backend: { name: "cpu" },
    data: { train: { name: "stripes" }, test: { name: "stripes", count: 4 }, imageSize: 8, ...data },
    model: { width: 0.125, head: { layers: 2, dimension: 8 } },
    pretrain: { ...training, augmentation: { recipe: "crop-only" } },
    labels: [{ perClass: 2 }],
    finetune: training,
    evaluate: { knn: { k: 1 }, linear: { epochs: 1 } },
  };
  return parseConfig(JSON.stringify(text), join(folder, "stripes.yaml"));
}

async function open(config: Config) {
  const images = await openImages(config, await openParts(config), silent);
  await images.close();
  return images;
}

describe("data sets of plugins", () => {
  it("are opened with the configuration's options, split, channels and limit", async () => {
    const images = await open(configOf({ limit: 3, testLimit: 2, channels: 1, testSplit: "validation" }));
    const { train, test } = images;
    expect([train.size, test.size, test.name, train.classNames]).toEqual([
      3,
      2,
      "stripes (validation)",
      ["across", "down"],
    ]);
    expect((await train.read(1)).channels).toBe(1);
    expect([...train.labels]).toEqual([0, 1, 0]);
  });

  it("have another fingerprint for another limit, other options, and once the plugin was changed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "simclr-stripes-"));
    try {
      const print = async (data: object, from = FIXTURES) => (await open(configOf(data, from))).train.fingerprint;
      const changed = join(folder, "stripes.mjs");
      await writeFile(changed, `export { stripes } from ${JSON.stringify(join(FIXTURES, "stripes.mjs"))};\n`);
      const prints = [
        await print({}),
        await print({ limit: 3 }),
        await print({ train: { name: "stripes", side: 9 } }),
        await print({}, folder),
      ];
      expect(new Set(prints).size).toBe(4);
      expect(await print({})).toBe(prints[0]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    [
      { train: { name: "stripe" } },
      'data.train: unknown data set "stripe". Did you mean "stripes"? Known here: stripes.',
    ],
    [{ test: { name: "stripes", cuont: 1 } }, 'data.test: unknown option "cuont" of stripes. Did you mean "count"?'],
    [{ test: { name: "stripes", count: "many" } }, 'data.test: data set "stripes": `count` must be a finite number'],
    [
      { labels: "labels.csv" },
      'data.labels: it says how files are read, but the images of data.train come from the data set "stripes"',
    ],
    [{ classNames: ["down", "across"] }, "data.classNames: it says how files are read"],
    [{ test: { holdOut: 0.5 }, testLimit: 2 }, "data.testLimit: the test images are held out of the training images"],
    [{ test: { holdOut: 0.5 }, testLabels: "labels.csv" }, "data.testLabels: the test images are held out"],
  ])("say what is wrong before anything is opened: %j", async (data, message) => {
    const config = configOf(data);
    const parts = await openParts(config);
    expect(() => checkImagesSpecs(config, parts)).toThrow(message);
  });

  it("name the plugin and its file where opening fails", async () => {
    await expect(open(configOf({ train: { name: "stripes", count: 101 } }))).rejects.toThrow(
      /^plugins: stripes \(.*stripes\.mjs\): there are 100 images; received 101$/,
    );
  });

  it("are trained and measured on in a run, and stand in its record", async () => {
    const folder = await mkdtemp(join(tmpdir(), "simclr-stripes-run-"));
    try {
      const { results } = await run({ ...configOf({}), output: join(folder, "run") });
      expect(results.facts["training images"]).toBe("6 from stripes (train)");
      expect(results.facts.plugins).toMatch(/^stripes of SHA-256 [0-9a-f]{12} \(dataset stripes\)$/);
      expect(results.accuracy.every(({ testCount }) => testCount === 4)).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 60_000);
});
