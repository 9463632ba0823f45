import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Ended, spawnSimclr, type Watch } from "./testing.js";

const BASE = `name: base
data: { train: shapes, test: shapes, imageSize: 32, limit: 80, testLimit: 500 }
model: { width: 0.0625, head: { layers: 2, dimension: 16 } }
pretrain: { batchSize: 40, steps: 3, optimizer: { learningRate: 0.1 } }
labels: [{ perClass: 2 }]
finetune: { batchSize: 20, steps: 2, optimizer: { learningRate: 0.05 } }
supervised: { batchSize: 20, steps: 2, optimizer: { learningRate: 0.05 } }
evaluate: { linear: { epochs: 2 } }
`;
const SWEEP = `name: heads
config: base.yaml
set: { supervised: null }
axes:
  head: { none: { finetune.headLayer: 0 }, middle: { finetune.headLayer: 1 } }
  seed: [0, 1]
results: kept
`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-sweep-"));
  await writeFile(join(folder, "base.yaml"), BASE);
  await writeFile(join(folder, "heads.yaml"), SWEEP);
});
afterAll(() => rm(folder, { recursive: true }));

const simclr = (args: readonly string[], watch?: Watch): Promise<Ended> => spawnSimclr(args, { cwd: folder, watch });

it("names every point that is invalid, before anything runs", async () => {
  await writeFile(join(folder, "wrong.yaml"), SWEEP.replace("headLayer: 1", "headLayer: 7"));
  const { status, stderr } = await simclr(["sweep", "wrong.yaml", "-o", "wrong"]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/wrong\.yaml: point head-middle--seed-0: .*`finetune\.headLayer`: must be at most 2/);
  expect(stderr).toMatch(/point head-middle--seed-1: /);
  expect(stderr).not.toContain("head-none");
  expect(existsSync(join(folder, "wrong"))).toBe(false);
});

it("says what a sweep must hold", async () => {
  await writeFile(join(folder, "empty.yaml"), "name: empty\nconfig: base.yaml\naxes: { seed: 3 }\n");
  const { status, stderr } = await simclr(["sweep", "empty.yaml"]);
  expect(status).toBe(2);
  expect(stderr).toContain("must be a list of values of that setting, or names with their settings");
});

it("goes on after it was stopped, trains what points share once, and makes one table", async () => {
  const stages = (): string[] => readdirSync(join(folder, "out/stages")).sort();
  let stopped = false;
  const first = await simclr(["sweep", "heads.yaml", "-o", "out"], (stderr, child) => {
    if (stopped || !stderr.includes("point 2 of 4")) return;
    stopped = true;
    child.kill("SIGTERM");
  });
  expect(first.status, first.stderr).toBe(130);
  expect(readdirSync(join(folder, "kept"))).toEqual(["head-none--seed-0.json"]);

  const { status, stdout, stderr } = await simclr(["sweep", "heads.yaml", "-o", "out"]);
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("point 1 of 4, head-none--seed-0: done before");
  // Two seeds of pretraining, which two heads share; four of fine-tuning; no control.
  expect(stages().map((name) => name.split("-")[0])).toEqual(
    [..."ffff"].map(() => "finetune").concat("pretrain", "pretrain"),
  );
  expect(stdout).toMatch(/none .* fine-tuned .* to .* 2/);
  expect(stdout).toContain("4 of 4 points");
  expect(stdout).not.toContain("supervised");

  // The same as a run of its own.
  const set = ["--set", "supervised=null", "--set", "finetune.headLayer=1", "--set", "seed=1", "--json"];
  const alone = await simclr(["run", "base.yaml", "-o", "alone", ...set]);
  const kept = JSON.parse(readFileSync(join(folder, "kept/head-middle--seed-1.json"), "utf8"));
  expect(kept.accuracy).toEqual(JSON.parse(alone.stdout).accuracy);
  expect(JSON.stringify(kept)).not.toContain(folder);

  const listed = await simclr(["sweep", "heads.yaml", "-o", "elsewhere", "--dry-run"]);
  expect(listed.stdout.match(/^done /gm)).toHaveLength(4);
  const points = await simclr(["sweep", "heads.yaml", "-o", "elsewhere", "--dry-run", "--json"]);
  expect(JSON.parse(points.stdout)[0]).toMatchObject({ isDone: true, point: { seed: "0" } });
  const table = await simclr(["sweep", "heads.yaml", "-o", "out", "--table", "--json"]);
  expect(JSON.parse(table.stdout)).toContainEqual(kept);
  const changed = await simclr(["sweep", "heads.yaml", "-o", "out", "--set", "pretrain.steps=4"]);
  expect(changed.status).toBe(1);
  expect(changed.stderr).toMatch(
    /head-none--seed-0\.json was made with another configuration \(different: pretrain\.steps\)/,
  );

  // Another process trains a stage that the point shares.
  await rm(join(folder, "kept/head-none--seed-0.json"));
  for (const name of stages().filter((each) => each.startsWith("finetune")))
    await rm(join(folder, "out/stages", name, "result.json"));
  const holder = { pid: process.pid, host: hostname(), began: null, since: "2026-01-01T00:00:00.000Z" };
  for (const name of stages()) await writeFile(join(folder, "out/stages", name, "lock.json"), JSON.stringify(holder));
  const locked = await simclr(["sweep", "heads.yaml", "-o", "out"]);
  expect(locked.status).toBe(2);
  expect(locked.stderr).toMatch(
    new RegExp(`stages/finetune-\\w+ is in use by process ${process.pid} on .*kill ${process.pid}`),
  );
});
