import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { spawnSimclr } from "./testing.js";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const CONFIG = `name: ranks
seed: 3
data: { train: shapes, test: shapes, imageSize: 32, limit: 240, testLimit: 500 }
model: { width: 0.125, head: { layers: 2, dimension: 16 } }
method: { temperature: 0.5 }
pretrain:
  { batchSize: 24, steps: 4, optimizer: { learningRate: 0.01 }, onlineEvaluation: { everySteps: 2, images: 200 } }
labels: [{ perClass: 4 }]
finetune: { batchSize: 12, steps: 3, optimizer: { learningRate: 0.01 } }
distill:
  batchSize: 24
  steps: 3
  optimizer: { learningRate: 0.01 }
  teacher: cached
  studentAugmentation: [randomResizedCrop, flipLeftRight]
  students: [{ name: self }]
evaluate: { batchSize: 50, linear: { epochs: 2 } }
`;

const hasMpi = spawnSync("sh", ["-c", "command -v mpirun"]).status === 0;
if (!hasMpi) console.warn("SKIPPED: mpirun is not installed (apt-get install -y openmpi-bin)");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-launch-"));
  await writeFile(join(folder, "ranks.yaml"), CONFIG);
});
afterAll(() => rm(folder, { recursive: true }));

const simclr = (...args: string[]) => spawnSimclr(args, { cwd: folder });

const losses = (run: string, stage: string): number[] =>
  readFileSync(join(folder, run, stage, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { loss: number }).loss);

const evaluations = (run: string): { step: number; metrics: { knnAccuracy: number } }[] =>
  readFileSync(join(folder, run, "pretrain/evaluations.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe.runIf(hasMpi)("simclr launch", () => {
  it("trains on two ranks as on one, in every stage", async () => {
    const alone = await simclr("run", "ranks.yaml", "-o", "one");
    expect(alone.status, alone.stderr).toBe(0);
    const together = await simclr("launch", "-n", "2", "--threads", "1", "run", "ranks.yaml", "-o", "two");
    expect(together.status, together.stderr).toBe(0);
    expect(together.stderr).toContain("2 ranks");
    expect(together.stdout.match(/fine-tuned/g)).toHaveLength(1); // the first rank alone prints
    const { accuracy } = JSON.parse(readFileSync(join(folder, "one/results.json"), "utf8"));
    const budget = "4-per-class";
    for (const stage of ["pretrain", `${budget}/finetune`, `${budget}/distill-self`]) {
      const [one, two] = [losses("one", stage), losses("two", stage)];
      expect(two).toHaveLength(one.length);
      // float32 sums in another order, over a few steps
      for (const [step, loss] of two.entries())
        expect(Math.abs(loss / one[step]! - 1), `${stage}, ${step}`).toBeLessThan(1e-5);
    }
    expect(JSON.parse(readFileSync(join(folder, "two/results.json"), "utf8")).accuracy).toHaveLength(accuracy.length);
    // the teacher's logits of 240 images: 2,400 numbers behind NumPy's header
    const logits = ["one", "two"].map((run) => readFileSync(join(folder, run, budget, "teacher-logits/rows.npy")));
    const [ofOne, ofTwo] = logits.map((bytes) => new Float32Array(Uint8Array.from(bytes.subarray(-9600)).buffer));
    expect(logits.map(({ length }) => Math.floor(length / 9600))).toEqual([1, 1]);
    for (const [i, logit] of ofTwo!.entries()) expect(Math.abs(logit - ofOne![i]!), `logit ${i}`).toBeLessThan(1e-5);
    // measured by both ranks together; one of the 100 images asked may lie on the border between two classes
    const [one, two] = [evaluations("one"), evaluations("two")];
    expect(two.map(({ step }) => step)).toEqual([2, 4]);
    for (const [i, { metrics }] of two.entries())
      expect(Math.abs(metrics.knnAccuracy - one[i]!.metrics.knnAccuracy)).toBeLessThan(0.011);
  });

  it("names the setting in which ranks differ, and what each has", async () => {
    // Each rank reads a configuration of its own.
    const byRank = `sh -c 'exec "$0" "$@" --set seed=$OMPI_COMM_WORLD_RANK' ${process.execPath}`;
    const { stdout } = await simclr(
      "launch",
      "-n",
      "2",
      "--threads",
      "1",
      "--dry-run",
      "run",
      "ranks.yaml",
      "-o",
      "differ",
    );
    const line = stdout.trim().replace(` ${process.execPath} `, ` ${byRank} `);
    const ended = spawnSync("sh", ["-c", line], { cwd: folder, encoding: "utf8" });
    expect(ended.stderr).toContain('The ranks disagree on seed (rank 1 has "1", rank 0 has "0").');
    expect(ended.status).toBe(70);
  });

  it("refuses a batch that the ranks cannot share, on all of them, and warns of too many", async () => {
    const ended = await simclr("launch", "-n", "5", "--threads", "1", "run", "ranks.yaml", "-o", "five");
    expect(ended.status).not.toBe(0);
    expect(ended.stderr).toContain("`batchSize` must be a multiple of 5, the number of ranks; received 24");
    const { length: processors } = cpus();
    if (processors < 5) expect(ended.stderr).toMatch(/warning: 5 ranks share \d processors of this machine/);
  });
});

describe("simclr launch --dry-run", () => {
  it("prints the command", async () => {
    const { stdout } = await simclr("launch", "--hosts", "a:2,b:2", "--dry-run", "run", "x.yaml", "--set", "seed=1");
    expect(stdout).toMatch(/^mpirun .*-n 4 --host a:2,b:2 .*bin\.js run x\.yaml --set seed=1\n$/);
  });

  it("refuses hosts that make no sense", async () => {
    const { status, stderr } = await simclr("launch", "--hosts", "a:0", "--dry-run", "run", "x.yaml");
    expect(status).toBe(2);
    expect(stderr).toContain('--hosts: "a:0" must be NAME or NAME:RANKS, such as node1:4,node2:4.');
  });
});
