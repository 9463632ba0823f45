import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { spawnSimclr } from "./testing.js";

const folder = mkdtempSync(join(tmpdir(), "simclr-demo-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SHORT = [
  "data.limit=100",
  "data.test={holdOut: 0.2}",
  "evaluate.linear.epochs=2",
  "model.width=0.0625",
  "pretrain={batchSize: 20, steps: 2, optimizer: {learningRate: 0.1}}",
  "labels=[{perClass: 2}]",
  "finetune={batchSize: 20, steps: 2, optimizer: {learningRate: 0.1}}",
  "supervised=null",
  "distill=null",
  "calibrate=null",
];

it("runs on the built-in images, cut short here, in a folder named for its seed, and speaks JSON", async () => {
  const settings = SHORT.flatMap((setting) => ["--set", setting]);
  const { status, stdout, stderr } = await spawnSimclr(["demo", "--seed", "3", "--json", ...settings], { cwd: folder });
  expect(status, stderr).toBe(0);
  const { name, seed, accuracy, stages } = JSON.parse(stdout);
  expect([name, seed, stages[0].folder]).toEqual(["demo", 3, join(folder, "runs/demo-seed-3/pretrain")]);
  expect(accuracy.map(({ method }: { method: string }) => method)).toContain("fine-tuned");
});
