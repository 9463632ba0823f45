import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { fingerprint, RunFolder } from "./run-folder.js";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "simclr-run-"));
});
afterEach(() => rm(root, { recursive: true }));

const config = (set: readonly string[] = []): Config =>
  parseConfig(
    "name: t\ndata: { train: shapes, test: shapes, imageSize: 32 }\npretrain: { batchSize: 8, steps: 2, optimizer: { learningRate: 0.1 } }\n" +
      "labels: [{ given: true }]\nfinetune: { batchSize: 8, steps: 2, optimizer: { learningRate: 0.1 } }\n",
    "t.yaml",
    { output: join(root, "run"), set },
  );

it("opens again with the same configuration, and with other checkpoints, logs and time", async () => {
  (await RunFolder.open(config())).close();
  await RunFolder.open(config(["checkpoint.everySeconds=3", "logging.csv=true", "maxMinutes=5"]));
});

it("opens again with other settings of the evaluation, and keeps the latest", async () => {
  (await RunFolder.open(config())).close();
  await RunFolder.open(config(["evaluate.depths=true"]));
  expect(await readFile(join(root, "run", "config.yaml"), "utf8")).toContain("depths: true");
});

it("links to a stage that runs share, one for each inputs", async () => {
  const shared = join(root, "stages");
  const [first, second] = [join(root, "first"), join(root, "second")];
  const open = async (output: string) => {
    const folder = await RunFolder.open({ ...config(), output }, { shared });
    folder.close();
    return folder;
  };
  const path = await (await open(first)).trained("a1", "10-per-class", "finetune");
  expect(await (await open(second)).trained("a1", "10-per-class", "finetune")).toBe(path);
  expect(await (await open(first)).trained("a1", "10-per-class", "finetune")).toBe(path); // again
  await writeFile(join(path, "result.json"), "{}");
  for (const run of [first, second])
    expect(await readFile(join(run, "10-per-class", "finetune", "result.json"), "utf8")).toBe("{}");
  expect(await (await open(second)).trained("b2", "20-per-class", "finetune")).not.toBe(path);
});

it("refuses another configuration and names the keys that differ", async () => {
  (await RunFolder.open(config())).close();
  await expect(RunFolder.open(config(["pretrain.steps=3", "seed=4"]))).rejects.toThrow(
    /holds a run with another configuration \(different: seed, pretrain\.steps\)\. Choose another folder with --output, or start anew with --fresh/,
  );
});

it("moves the old folder aside, and loses nothing, when it starts anew", async () => {
  (await RunFolder.open(config())).close();
  await writeFile(join(root, "run", "precious"), "");
  await RunFolder.open(config(["seed=4"]), { fresh: true });
  expect(existsSync(join(root, "run.1", "precious"))).toBe(true);
  expect(existsSync(join(root, "run", "precious"))).toBe(false);
});

it("fingerprints what was said, in whatever order", () => {
  expect(fingerprint({ a: 1, b: [1, { c: 2 }] })).toBe(fingerprint({ b: [1, { c: 2 }], a: 1 }));
  expect(fingerprint({ a: 1 })).not.toBe(fingerprint({ a: 2 }));
});

it("is one process's at a time, also while it is started anew", async () => {
  const folder = await RunFolder.open(config());
  await expect(RunFolder.open(config())).rejects.toThrow(`in use by process ${process.pid}`);
  await expect(RunFolder.open(config(), { fresh: true })).rejects.toThrow(`in use by process ${process.pid}`);
  expect((await RunFolder.open(config(), { writes: false })).path).toBe(folder.path); // another rank of the same run
  folder.close();
  (await RunFolder.open(config())).close();
});

it("is not opened by a version that has another format", async () => {
  (await RunFolder.open(config())).close();
  await writeFile(join(root, "run/run.json"), '{"formatVersion":2,"version":"9.1.0"}');
  await expect(RunFolder.open(config())).rejects.toThrow(
    /run was written by simclr 9\.1\.0, in format 2 of run folders; simclr \d+\.\d+\.\d+ has format 1\. Go on with simclr 9\.1\.0, choose another folder/,
  );
  (await RunFolder.open(config(), { fresh: true })).close();
});
