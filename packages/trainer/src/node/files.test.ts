import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "@simclr/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeFileAtomic } from "./atomic-file.js";
import { readEvaluations, readSteps } from "./read-steps.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-files-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("writeFileAtomic makes missing folders, replaces an older file, and leaves nothing else behind", async () => {
  const file = join(folder, "run", "result.json");
  await writeFileAtomic(file, "old");
  await writeFileAtomic(file, "größer");
  expect(await readFile(file, "utf8")).toBe("größer");
  expect(await readdir(join(folder, "run"))).toEqual(["result.json"]);
});

it("writeFileAtomic leaves no temporary file where the name is taken by a folder", async () => {
  await mkdir(join(folder, "result.json", "inner"), { recursive: true });
  await expect(writeFileAtomic(join(folder, "result.json"), "x")).rejects.toThrow();
  expect(await readdir(folder)).toEqual(["result.json"]);
});

it("readSteps gives the reports in order, without a last line that was cut short", async () => {
  const file = join(folder, "steps.jsonl");
  const report = (step: number): string => JSON.stringify({ step, loss: step / 2, metrics: { accuracy: 0.5 } });
  await writeFile(file, `${report(0)}\n${report(1)}\n{"step":2,"lo`);
  expect(await readSteps(file)).toEqual([
    { step: 0, loss: 0, metrics: { accuracy: 0.5 } },
    { step: 1, loss: 0.5, metrics: { accuracy: 0.5 } },
  ]);
});

it("readEvaluations gives the reports of evaluations, and names what is none", async () => {
  const file = join(folder, "evaluations.jsonl");
  const report = { step: 4, reason: "every 4 steps", metrics: { knnAccuracy: 0.25 } };
  await writeFile(file, `${JSON.stringify(report)}\n`);
  expect(await readEvaluations(file)).toEqual([report]);
  await writeFile(file, "{}\n");
  await expect(readEvaluations(file)).rejects.toThrow(
    "evaluations.jsonl:1: not the report of an evaluation. Give the file that jsonlHook wrote per evaluation.",
  );
});

it("readSteps names file and line of what is not a step's report", async () => {
  const file = join(folder, "steps.jsonl");
  const refusal = async (second: string): Promise<string> => {
    await writeFile(file, `{"step":0,"metrics":{}}\n${second}\n`);
    const error: unknown = await readSteps(file).catch((e) => e);
    expect(error).toBeInstanceOf(DataError);
    return (error as Error).message;
  };
  expect(await refusal('{"step":')).toBe(
    `${file}:2: not JSON. The file was altered; restore it, or start the run anew.`,
  );
  for (const line of ["null", "7", '{"note":"x"}'])
    expect(await refusal(line)).toBe(
      `${file}:2: not the report of a step. Give the file that jsonlHook wrote per step.`,
    );
});
