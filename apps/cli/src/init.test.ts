import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { spawnSimclr } from "./testing.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-init-"));
  for (const [name, red] of [
    ["photos/a", 40],
    ["photos/b", 200],
    ["plain", 90],
  ] as const) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < 10; i++)
      await sharp({ create: { width: 40, height: 36, channels: 3, background: { r: red, g: 20 * i, b: 9 } } })
        .png()
        .toFile(join(folder, name, `${i}.png`));
  }
});
afterAll(() => rm(folder, { recursive: true }));

const simclr = (...args: string[]) => spawnSimclr(args, { cwd: folder });

it("writes a configuration for the images and the machine, which runs, and overwrites nothing", async () => {
  const { status, stdout, stderr } = await simclr("init", "photos", "--minutes", "0.2", "-o", "mine.yaml");
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("20 images, 20 with a label, 2 classes; views of up to 32 pixels");
  expect(stdout).toMatch(/wrote mine\.yaml: ResNet-18 of width 0\.25, views of 32 pixels, \d+ epochs, about /);
  expect(stdout).toContain("measured on 20 % of the labelled images, which are kept out of training");
  expect(stdout).toContain("simclr run mine.yaml");
  expect(existsSync(join(folder, "runs"))).toBe(false);
  const text = readFileSync(join(folder, "mine.yaml"), "utf8");
  expect(text).toMatch(/^name: "mine"$/m);

  const short = ["pretrain.epochs=1", "finetune.steps=1", "supervised=null", "distill=null"];
  const run = await simclr("run", "mine.yaml", ...short.flatMap((setting) => ["--set", setting]));
  expect(run.status, run.stderr).toBe(0);
  expect(run.stderr).toContain("test: 4 labelled images, held out of training");

  const again = await simclr("init", "photos", "-o", "mine.yaml");
  expect(again.status).toBe(2);
  expect(again.stderr).toContain("mine.yaml is there already, and init overwrites nothing");
  expect(readFileSync(join(folder, "mine.yaml"), "utf8")).toBe(text);
});

it("says what is missing, and writes nothing", async () => {
  const plain = await simclr("init", "plain", "--yes");
  expect(plain.status).toBe(2);
  expect(plain.stderr).toContain("found labels of 0 classes; a classifier needs two at least");
  const nowhere = await simclr("init", "nowhere");
  expect(nowhere.stderr).toContain("nowhere: there is no such folder or file");
  const hasty = await simclr("init", "photos", "--minutes", "soon");
  expect(hasty.stderr).toContain("--minutes must be a number above 0; received NaN");
  expect(existsSync(join(folder, "simclr.yaml"))).toBe(false);
  await writeFile(join(folder, "empty"), "");
  expect((await simclr("init", "empty")).status).not.toBe(0);
});
