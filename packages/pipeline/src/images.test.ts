import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type BackendReport, useBackend } from "@simclr/backends";
import { imageSheet } from "@simclr/report";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseConfig } from "./config/load.js";
import type { Config } from "./config/schema.js";
import { silent } from "./events.js";
import { openImages } from "./images.js";
import { openParts } from "./plugins/parts.js";
import { runFacts } from "./run/facts.js";

const TIMEOUT_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), "simclr-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  await useBackend("cpu"); // which the facts describe
  for (const [i, name] of ["train/a/1", "train/a/2", "train/b/3", "train/b/4", "test/a/5", "test/b/6"].entries()) {
    const png = await imageSheet([[{ data: new Uint8Array(12).fill(20 * i), height: 2, width: 2, channels: 3 }]], {
      tilePx: 8,
    });
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, `${name}.png`), i === 1 ? png.subarray(0, 60) : png);
  }
});

function config(options: string): Config {
  const text = `name: tiny
data: { train: train, test: test, imageSize: 8, cacheFolder: cache, ${options} }
labels: [{ perClass: 1 }]
pretrain: { batchSize: 2, epochs: 1, optimizer: { learningRate: 0.1 } }
finetune: { batchSize: 2, steps: 1, optimizer: { learningRate: 0.1 } }
`;
  return parseConfig(text, join(folder, "tiny.yaml"));
}

const open = async (tiny: Config) => openImages(tiny, await openParts(tiny), silent);

it(
  "leaves broken images out, says so in the news and in the facts, and up to a limit only",
  async () => {
    const lines: string[] = [];
    const skipping = config("onBroken: skip, cache: file, workers: 1");
    const images = await openImages(skipping, await openParts(skipping), {
      ...silent,
      line: (text) => lines.push(text),
    });
    expect(images.train.size).toBe(3);
    expect(images.skipped).toEqual([expect.stringMatching(/^a\/2\.png: ./)]);
    expect(lines).toContain(`skipped ${images.skipped[0]}`);
    expect(lines.some((line) => line.startsWith(`train: decoded images are in ${join(folder, "cache")}`))).toBe(true);
    const backend: BackendReport = { name: "cpu", details: "", tried: [] };
    const facts = runFacts(skipping, backend, images, [], 0);
    expect(facts["backend's versions"]).toContain(`Node.js ${process.versions.node}`);
    expect(facts["broken images left out"]).toBe("1");
    expect(facts["decoded images"]).toMatch(/^0 MB in .*\.pixels$/);
    await images.close();
    await expect(open(config("onBroken: skip, maxSkipped: 0"))).rejects.toThrow(
      /more than `maxSkipped` \(0\) images are broken, the last of them a\/2\.png/,
    );
    await expect(open(config("cache: memory"))).rejects.toThrow("Cannot decode the image a/2.png: ");
  },
  TIMEOUT_MS,
);

it(
  "says which test images are among the training images",
  async () => {
    const lines: string[] = [];
    const same = config("onBroken: skip, workers: 1").data;
    const overlapping = { ...config("onBroken: skip, workers: 1"), data: { ...same, test: same.train } };
    const images = await openImages(overlapping, await openParts(overlapping), {
      ...silent,
      line: (text) => lines.push(text),
    });
    expect(images.overlap).toEqual([
      "a/1.png, which is a/1.png",
      "b/3.png, which is b/3.png",
      "b/4.png, which is b/4.png",
    ]);
    expect(lines.filter((line) => line.startsWith("warning"))).toEqual([
      expect.stringContaining("3 of 3 test images are also training images"),
    ]);
    const backend: BackendReport = { name: "cpu", details: "", tried: [] };
    expect(runFacts(overlapping, backend, images, [], 0)["test images that are also training images"]).toBe("3");
    await images.close();
    const apart = await open(config("onBroken: skip, workers: 1"));
    expect(apart.overlap).toEqual([]);
    await apart.close();
  },
  TIMEOUT_MS,
);

it("refuses images without labels, or of one class, before any is decoded or held out", async () => {
  const tiny = config("");
  const heldOut = (train: string): Config => ({ ...tiny, data: { ...tiny.data, train, test: { holdOut: 0.5 } } });
  const remedy = "a classifier needs at least 2 classes. Name the labels of a few images in a labels.csv";
  const unlabelled = join(folder, "train/a");
  await expect(open(heldOut(unlabelled))).rejects.toThrow(`${unlabelled}: found no labels; ${remedy}`);
  mkdirSync(join(folder, "one/labelled/a"), { recursive: true });
  writeFileSync(join(folder, "one/labelled/a/broken.png"), "no image");
  await expect(open(heldOut(join(folder, "one")))).rejects.toThrow(`found one labelled class, a; ${remedy}`);
});
