import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { spawnSimclr } from "./testing.js";

const TINY = `name: tiny
data: { train: shapes, test: { holdOut: 0.2 }, imageSize: 32, limit: 100 }
model: { width: 0.0625, head: { layers: 2, dimension: 16 } }
pretrain: { batchSize: 20, epochs: 2, optimizer: { learningRate: 0.1 } }
labels: [{ perClass: 2 }, { perClass: 4 }]
finetune: { batchSize: 20, steps: 6, optimizer: { learningRate: 0.05 } }
distill: { batchSize: 20, steps: 6, optimizer: { learningRate: 0.05 }, students: [{ name: self }] }
evaluate: { linear: { epochs: 5 } }
`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-dry-run-"));
  await writeFile(join(folder, "tiny.yaml"), TINY);
});
afterAll(() => rm(folder, { recursive: true }));

const simclr = (...args: string[]) => spawnSimclr(args, { cwd: folder });

interface Stages {
  readonly stages: readonly { stage: string; status: string; steps: number; stepsLeft: number; seconds: number }[];
  readonly seconds: number;
  readonly memory: { readonly peakBytes: number };
}

it("says what a run would do, and writes nothing; afterwards, what is done", async () => {
  const before = await simclr("run", "tiny.yaml", "--dry-run", "--json");
  expect(before.status, before.stderr).toBe(0);
  expect(existsSync(join(folder, "runs"))).toBe(false);
  const { stages, seconds, memory } = JSON.parse(before.stdout) as Stages;
  // floor(80 * 2 / 20) + 1, as the reference counts; each budget has a teacher and a student.
  expect(stages.map(({ status, stepsLeft }) => [status, stepsLeft])).toEqual([
    ["to do", 9],
    ...Array.from({ length: 4 }, () => ["to do", 6]),
  ]);
  expect(before.stderr.match(/trying/g)).toHaveLength(3); // budgets differ in their labels alone
  expect(seconds).toBeGreaterThan(stages.reduce((sum, stage) => sum + stage.seconds, 0));
  expect(memory.peakBytes).toBeGreaterThan(50e6);

  expect((await simclr("pretrain", "tiny.yaml")).status).toBe(0);
  const after = await simclr("run", "tiny.yaml", "--dry-run");
  expect(after.status, after.stderr).toBe(0);
  expect(after.stdout).toMatch(/│ pretraining +│ done +│ +80 │ +20 │ +0 of 9 │/);
  expect(after.stdout).toMatch(/^folder: {2}runs\/tiny, not touched$/m);
});
