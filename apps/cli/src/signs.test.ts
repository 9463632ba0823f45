// Real photos with really few labels, in the two layouts that users have; the recipe is the shipped one, cut short.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spawnSimclr } from "./testing.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PHOTOS = join(process.env.SIMCLR_TEST_DATA ?? "", "sign-digits/images.tar");
const skipped = !process.env.SIMCLR_TEST_DATA || !existsSync(PHOTOS);

const SHORT = [
  "data.imageSize=32",
  "model.width=0.125",
  "method={name: simclr, temperature: 0.5}",
  "pretrain={batchSize: 64, steps: 4, optimizer: {learningRate: 0.1}}",
  "finetune.steps=4",
  "supervised.steps=4",
  "distill={batchSize: 64, steps: 4, optimizer: {learningRate: 0.1}, students: [{name: self}]}",
  "evaluate.linear.epochs=2",
];

describe.skipIf(skipped)(
  `hand signs${skipped ? " (skipped: set SIMCLR_TEST_DATA to the folder of real images)" : ""}`,
  () => {
    let folder = "";
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "simclr-signs-"));
      const script = join(ROOT, "scripts/lay-out-signs.mjs");
      const { status, stdout } = spawnSync(process.execPath, [script, PHOTOS, folder], { encoding: "utf8" });
      expect(status).toBe(0);
      expect(stdout).toBe("1900 photos for training, 50 of them labelled; 162 for tests\n");
    });
    afterAll(() => rm(folder, { recursive: true }));

    it.each(["flat", "folders"])("%s: 50 labels among 1,900 photos become a classifier", async (layout) => {
      const config = join(ROOT, "configs/signs-few-labels.yaml");
      const settings = SHORT.flatMap((setting) => ["--set", setting]);
      const args = ["run", config, "--data", layout, "-o", `run-${layout}`, ...settings];
      const { status, stderr } = await spawnSimclr(args, { cwd: folder });
      expect(status, stderr).toBe(0);
      expect(stderr).toContain("train: 1900 images from");
      expect(stderr).toContain("test: 162 images from");
      const { accuracy } = JSON.parse(readFileSync(join(folder, `run-${layout}`, "results.json"), "utf8"));
      const rows = accuracy as { method: string; labels: string; testCount: number }[];
      expect(rows.map(({ method }) => method)).toContain("distilled (self)");
      for (const { labels, testCount } of rows) expect([labels, testCount]).toEqual(["50 (5 a class)", 162]);
      expect(existsSync(join(folder, `run-${layout}`, "report.html"))).toBe(true);
    });
  },
);
