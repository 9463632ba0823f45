import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@simclr/core";
import { constant, lars } from "@simclr/optim";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { logisticRegression, pointSource } from "../../test/logistic-regression.js";
import type { TrainerHook, TrainingReport } from "../hooks.js";
import type { TrainingState } from "../state.js";
import { train } from "../train.js";
import { loadCheckpoint } from "./checkpoint.js";
import { latestCheckpoint } from "./checkpoint-folder.js";
import { checkpointHook } from "./checkpoint-hook.js";
import { jsonlHook } from "./jsonl-hook.js";
import { memoryHook } from "./memory-hook.js";
import { stopOnSignals } from "./stop-signal.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-hooks-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface RunOptions {
  readonly hooks: readonly TrainerHook[];
  readonly resumeFrom?: TrainingState | undefined;
  readonly signal?: AbortSignal;
}

/** 12 steps, 5 an epoch, as a fresh process would make them. */
async function run({ hooks, resumeFrom, signal }: RunOptions): Promise<TrainingReport> {
  const random = Random.fromSeed(8);
  const task = logisticRegression(random);
  const optimizer = lars();
  const options = { task, optimizer, schedule: constant(0.5, 12), source: pointSource(random), random, hooks };
  try {
    return await train({ ...options, resumeFrom, signal });
  } finally {
    optimizer.dispose();
    task.dispose();
  }
}

/** Ends the run with an error after `steps` steps, as a crash would: nothing is saved at the end. */
const crashAfter = (steps: number): TrainerHook => ({
  name: "crash",
  stepStart(_, { step }) {
    if (step === steps) throw new Error("power cut");
  },
});

const readLines = async (file: string): Promise<Record<string, unknown>[]> =>
  (await readFile(file, "utf8"))
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

const checkpoints = async (): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.startsWith("step-")).sort();

describe("checkpointHook", () => {
  it("saves every so many steps and at the end, and keeps the newest", async () => {
    const saved: number[] = [];
    await run({
      hooks: [checkpointHook({ folder, everySteps: 5, keep: 2, saved: (_, step) => void saved.push(step) })],
    });
    expect(saved).toEqual([5, 10, 12]);
    expect(await checkpoints()).toEqual(["step-00000010", "step-00000012"]);
  });

  it("saves every so many epochs and seconds", async () => {
    const saved: number[] = [];
    const note = (_: string, step: number): void => void saved.push(step);
    await run({ hooks: [checkpointHook({ folder, everyEpochs: 2, saved: note })] });
    expect(saved).toEqual([10, 12]);
    saved.length = 0;
    await run({ hooks: [checkpointHook({ folder, everySeconds: 1e-9, saved: note })] });
    expect(saved).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it("stores what the program says of the model, and the metrics of the last step", async () => {
    const metadata = () => ({ architecture: { classes: 3 }, classNames: ["a", "b", "c"] });
    await run({ hooks: [checkpointHook({ folder, metadata })] });
    const { metadata: read } = await loadCheckpoint(join(folder, "step-00000012"));
    expect(read).toMatchObject({ architecture: { classes: 3 }, classNames: ["a", "b", "c"] });
    expect(read.metrics).toEqual({ loss: expect.any(Number), accuracy: expect.any(Number), count: 8 });
  });

  it("sets checkpoints of another beginning aside", async () => {
    await run({ hooks: [checkpointHook({ folder, everySteps: 10 })] });
    await run({ hooks: [checkpointHook({ folder }), crashAfter(3)] }).catch(() => undefined);
    expect(await checkpoints()).toEqual(["step-00000010.set-aside-1", "step-00000012.set-aside-1"]);
  });

  it("refuses intervals and counts that make no sense", () => {
    expect(() => checkpointHook({ folder, everySteps: 0 })).toThrow("`everySteps` must be an integer >= 1; received 0");
    expect(() => checkpointHook({ folder, everySeconds: 0 })).toThrow("`everySeconds` must be a finite number > 0");
    expect(() => checkpointHook({ folder, keep: 0 })).toThrow("`keep` must be an integer >= 1; received 0");
  });
});

describe("a run that crashed and was resumed from disk", () => {
  it.each([
    [6, 4],
    [8, 8],
    [11, 8],
  ])("has the metrics of one that never stopped: crash after %i, resumed from %i", async (crash, resumed) => {
    const whole = join(folder, "whole.jsonl");
    await run({ hooks: [jsonlHook(whole)] });

    const file = join(folder, "run", "steps.jsonl");
    const hooks = () => [jsonlHook(file), checkpointHook({ folder, everySteps: 4 })];
    await expect(run({ hooks: [...hooks(), crashAfter(crash)] })).rejects.toThrow("power cut");
    await appendFile(file, '{"step":99,"lo'); // the line that was being written
    const { checkpoint } = await latestCheckpoint(folder);
    expect(checkpoint?.state.step).toBe(resumed);
    await run({ hooks: hooks(), resumeFrom: checkpoint?.state });

    const pick = (line: Record<string, unknown>) => [line.step, line.epoch, line.loss, line.metrics, line.learningRate];
    const lines = await readLines(file);
    expect(lines.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(lines.map(pick)).toEqual((await readLines(whole)).map(pick));
  });

  it("goes on from an older checkpoint when the newest is damaged", async () => {
    const hooks = [checkpointHook({ folder, everySteps: 4 })];
    await run({ hooks: [...hooks, crashAfter(9)] }).catch(() => undefined);
    await truncate(join(folder, "step-00000008", "optimizer.safetensors"), 10);
    const { checkpoint, damaged } = await latestCheckpoint(folder);
    expect(damaged.map(({ error }) => error.message).join()).toContain("optimizer.safetensors is cut short");
    const report = await run({ hooks, resumeFrom: checkpoint?.state });
    expect(report).toMatchObject({ startStep: 4, step: 12 });
    expect(await checkpoints()).toEqual(["step-00000008", "step-00000008.set-aside-1", "step-00000012"]);
  });
});

describe("jsonlHook", () => {
  it("writes one line per epoch if asked, and keeps lines that are not its own", async () => {
    const file = join(folder, "epochs.jsonl");
    await writeFile(file, '{"note":"by hand"}\nnot JSON\n{"step":3}\n');
    const probe: TrainerHook = {
      name: "probe",
      epochEnd: (_, { metrics }) => void Object.assign(metrics, { knn: 0.5 }),
    };
    await run({ hooks: [probe, jsonlHook(file, { per: "epoch" })] });
    const lines = (await readFile(file, "utf8")).split("\n");
    expect(lines.slice(0, 2)).toEqual(['{"note":"by hand"}', "not JSON"]);
    expect(lines.slice(2, -1).map((line) => JSON.parse(line))).toMatchObject([
      { epoch: 0, step: 4, steps: 5, metrics: { knn: 0.5 } },
      { epoch: 1, step: 9, steps: 5, metrics: { knn: 0.5 } },
    ]);
  });
});

it("memoryHook adds resident memory and the number of tensors to the metrics of some steps", async () => {
  const seen: Record<string, number>[] = [];
  const reader: TrainerHook = { name: "reader", stepEnd: (_, { metrics }) => void seen.push({ ...metrics }) };
  const before = tf.memory().numTensors;
  await run({ hooks: [memoryHook({ everySteps: 4 }), reader] });
  expect(seen.flatMap(({ rssBytes }, step) => (rssBytes === undefined ? [] : [step]))).toEqual([0, 4, 8]);
  expect(seen[4]!.numTensors).toBe(before + 3 + 2); // weights and statistic, velocities
  expect(Math.abs(seen[8]!.rssBytes! / process.memoryUsage.rss() - 1)).toBeLessThan(0.5);
});

describe("stopOnSignals", () => {
  it("turns a signal to the process into a finished step, a checkpoint and a report", async () => {
    const stop = stopOnSignals(["SIGUSR2"]);
    const killer: TrainerHook = {
      name: "killer",
      async stepStart(_, { step }) {
        if (step !== 6) return;
        process.kill(process.pid, "SIGUSR2");
        await new Promise((resolve) => setTimeout(resolve, 20)); // a signal arrives with the next turn of the event loop
      },
    };
    const report = await run({ hooks: [killer, checkpointHook({ folder })], signal: stop.signal });
    expect(report).toMatchObject({ step: 7, interrupted: true, reason: "received SIGUSR2" });
    expect(await checkpoints()).toEqual(["step-00000007"]);
    expect(process.listenerCount("SIGUSR2")).toBe(0); // the next one ends the process
  });

  it("stops listening when it is disposed", () => {
    const listeners = (): number =>
      ["SIGINT", "SIGTERM", "SIGHUP"].reduce((sum, name) => sum + process.listenerCount(name), 0);
    const before = listeners();
    const stop = stopOnSignals();
    expect(listeners()).toBe(before + 3);
    stop.dispose();
    expect(listeners()).toBe(before);
    expect(stop.signal.aborted).toBe(false);
  });
});
