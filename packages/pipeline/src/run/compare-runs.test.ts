import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { RunResults } from "../results.js";
import { compareRuns, readRun } from "./compare-runs.js";

function results(name: string, seed: number, top1: Readonly<Record<string, number>>): RunResults {
  const accuracy = Object.entries(top1).map(([method, share]) => ({
    ...{ method, labels: "10 (1 a class)", top1: share, testCount: 100, protocol: "" },
  }));
  return {
    ...{ formatVersion: 1, name, seed, finishedAt: "2026-01-01T00:00:00Z", accuracy, calibration: [], stages: [] },
    ...{ probes: [], distillation: [], facts: {}, plugins: [], skipped: [] },
  };
}

it("puts seeds side by side, with their mean and its interval", () => {
  const runs = [
    { folder: "a", results: results("tiny", 0, { kNN: 0.5, "fine-tuned": 0.6 }) },
    { folder: "b", results: results("tiny", 1, { kNN: 0.7 }) },
  ];
  const { rows, isRepeated } = compareRuns(runs);
  expect(isRepeated).toBe(true);
  expect(rows.map(({ method, top1 }) => [method, top1])).toEqual([
    ["kNN", [0.5, 0.7]],
    ["fine-tuned", [0.6, undefined]],
  ]);
  // t(0.975, 1) = 12.7062, and the standard error of 0.5 and 0.7 is 0.1.
  expect(rows[0]!.summary.mean).toBeCloseTo(0.6, 9);
  expect(rows[0]!.summary.high).toBeCloseTo(0.6 + 1.27062, 5);
  expect(rows[1]!.summary.low).toBeUndefined();
  expect(compareRuns([runs[0]!, { folder: "c", results: results("other", 0, { kNN: 1 }) }]).isRepeated).toBe(false);
});

it("refuses a folder without results, and results of another format", async () => {
  const folder = await mkdtemp(join(tmpdir(), "simclr-compare-"));
  try {
    await expect(readRun(folder)).rejects.toThrow(
      /holds no results of a run \(ENOENT.*Give the folder of a run that has ended/,
    );
    await writeFile(join(folder, "results.json"), "{");
    await expect(readRun(folder)).rejects.toThrow("holds no results of a run");
    await writeFile(join(folder, "results.json"), '{"formatVersion":2}');
    await expect(readRun(folder)).rejects.toThrow("must be of format 1, which this simclr reads; received 2.");
  } finally {
    await rm(folder, { recursive: true });
  }
});
