import type { AdvisedLoader } from "@simclr/data";
import type { StepReport, TrainingRun } from "@simclr/trainer";
import { expect, it } from "vitest";
import { starvationHook } from "./starvation-hook.js";

const stats = { batches: 1, prepared: 1, waitMs: 0, readMs: 0, decodeMs: 90, cropMs: 10, skipped: [] };
const loader: AdvisedLoader = { kind: "cropped", source: "files", workers: 1, stats: () => stats };
const run = {} as TrainingRun;

async function warningsOf(waits: readonly number[]): Promise<string[]> {
  const said: string[] = [];
  const hook = starvationHook(loader, (text) => said.push(text));
  for (const dataWaitMs of waits) await hook.stepEnd!(run, { dataWaitMs, stepMs: 100 - dataWaitMs } as StepReport);
  return said;
}

it("warns once, after twenty steps that waited for a tenth of the time, and says what helps", async () => {
  const starving = new Array<number>(5).fill(0).concat(new Array<number>(60).fill(30));
  expect(await warningsOf(starving)).toEqual([
    expect.stringMatching(
      /^warning: training waited for data 30 % of the last 20 steps\. Of the loader's time, reading takes 0 %, decoding 90 % and cropping 10 %\. Decode once/,
    ),
  ]);
});

it("says nothing of the first steps, nor of little waiting", async () => {
  expect(await warningsOf([90, 90, 90, 90, 90, ...new Array<number>(60).fill(5)])).toEqual([]);
});
