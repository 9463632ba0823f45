import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@simclr/core";
import { constant, momentumSgd, warmupCosine } from "@simclr/optim";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { logisticRegression, pointSource } from "../../test/logistic-regression.js";
import type { TrainerHook } from "../hooks.js";
import type { TrainingState } from "../state.js";
import { train } from "../train.js";
import { loadCheckpoint } from "./checkpoint.js";
import { bestCheckpoint, latestCheckpoint } from "./checkpoint-folder.js";
import { checkpointHook } from "./checkpoint-hook.js";
import { csvHook } from "./csv-hook.js";
import { jsonlHook } from "./jsonl-hook.js";
import { memoryHook } from "./memory-hook.js";

let folder = "";
beforeEach(async () => {
  await tf.setBackend("cpu");
  folder = await mkdtemp(join(tmpdir(), "simclr-tables-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const FIXTURE = new URL("../../fixtures/checkpoint-v1/step-00000007", import.meta.url).pathname;

interface RunOptions {
  readonly hooks: readonly TrainerHook[];
  readonly resumeFrom?: TrainingState | undefined;
  readonly evaluateEvery?: number;
}

async function run({ hooks, resumeFrom, evaluateEvery = 0 }: RunOptions): Promise<void> {
  const random = Random.fromSeed(8);
  const task = logisticRegression(random);
  const optimizer = momentumSgd();
  const options = { task, optimizer, schedule: constant(0.5, 7), source: pointSource(random), random };
  try {
    await train({ ...options, hooks, resumeFrom, evaluateEvery });
  } finally {
    optimizer.dispose();
    task.dispose();
  }
}

const stopAfter = (steps: number): TrainerHook => ({
  name: "stop",
  stepEnd: (run) => void (run.step === steps && run.requestStop("test")),
});

/** Cells of a table without quotes. */
const table = async (file: string): Promise<string[][]> =>
  (await readFile(file, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));

it.each([
  ["jsonl", jsonlHook],
  ["csv", csvHook],
] as const)("%s says which file cannot be written, and what helps", async (_, hook) => {
  const inTheWay = join(folder, "file");
  await writeFile(inTheWay, "no folder");
  const file = join(inTheWay, "metrics");
  await expect(run({ hooks: [hook(file)] })).rejects.toThrow(`cannot write ${file}: E`);
  await expect(run({ hooks: [hook(file)] })).rejects.toThrow(`Check free space and permissions of ${inTheWay}.`);
});

describe("csvHook", () => {
  const COLUMNS =
    "step,epoch,loss,learningRate,imagesPerSecond,dataWaitMs,stepMs,batchSize,accuracy,count,gradientNorm";

  it("has a column for every number, and the numbers that jsonlHook has", async () => {
    await run({ hooks: [csvHook(join(folder, "a.csv")), jsonlHook(join(folder, "a.jsonl"))] });
    const [header, ...rows] = await table(join(folder, "a.csv"));
    expect(header!.toSorted()).toEqual(COLUMNS.split(",").toSorted());
    const lines = (await readFile(join(folder, "a.jsonl"), "utf8")).trimEnd().split("\n");
    for (const [i, line] of lines.entries()) {
      const { metrics, ...report } = JSON.parse(line) as Record<string, number> & { metrics: Record<string, number> };
      const all: Record<string, number> = { ...report, ...metrics };
      const expected = header!.map((name) => (name in all ? String(all[name]) : ""));
      expect(rows[i]).toEqual(expected);
    }
    expect(rows).toHaveLength(7);
  });

  it("grows a column when a metric comes later, under a name with a comma too", async () => {
    const late: TrainerHook = {
      name: "late",
      stepEnd: (_, { step, metrics }) => {
        if (step >= 5) metrics["a,b"] = step;
      },
    };
    const file = join(folder, "late.csv");
    await run({ hooks: [late, csvHook(file)] });
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    expect(lines[0]!.endsWith(',"a,b"')).toBe(true);
    expect(lines.slice(1).map((line) => line.split(",").at(-1))).toEqual(["", "", "", "", "", "5", "6"]);
  });

  it("has each step once after a crash and a resume", async () => {
    const file = join(folder, "resumed.csv");
    const hooks = () => [csvHook(file), checkpointHook({ folder, everySteps: 2 })];
    const crash: TrainerHook = {
      name: "crash",
      stepStart: (_, { step }) => {
        if (step === 5) throw new Error("power cut");
      },
    };
    await expect(run({ hooks: [...hooks(), crash] })).rejects.toThrow("power cut");
    expect((await table(file)).slice(1).map(([step]) => step)).toEqual(["0", "1", "2", "3", "4"]);
    const { checkpoint } = await latestCheckpoint(folder);
    expect(checkpoint!.state.step).toBe(4);
    await run({ hooks: hooks(), resumeFrom: checkpoint!.state });
    expect((await table(file)).slice(1).map(([step]) => step)).toEqual(["0", "1", "2", "3", "4", "5", "6"]);
  });

  it("can be a table of epochs or of evaluations", async () => {
    const meter: TrainerHook = {
      name: "meter",
      evaluate: (_, { metrics }) => {
        metrics.score = 0.5;
      },
    };
    const [epochs, evaluations] = [join(folder, "epochs.csv"), join(folder, "evaluations.csv")];
    const hooks = [meter, csvHook(epochs, { per: "epoch" }), csvHook(evaluations, { per: "evaluation" })];
    await run({ hooks, evaluateEvery: 3 });
    expect((await table(epochs)).map(([step]) => step)).toEqual(["step", "4"]);
    expect(await table(evaluations)).toEqual([
      ["step", "reason", "score"],
      ["3", "every 3 steps", "0.5"],
      ["6", "every 3 steps", "0.5"],
      ["7", "the end of training", "0.5"],
    ]);
  });
});

describe("the best checkpoint", () => {
  const scores = [1, 5, 2, 5, 3, 4, 0];
  const meter: TrainerHook = {
    name: "meter",
    evaluate: (_, { step, metrics }) => {
      metrics.score = scores[step - 1]!;
    },
  };
  const hooks = () => [meter, checkpointHook({ folder, everySteps: 1, keep: 1, best: { metric: "score" } })];

  it("is kept beside the newest, the first of equals, also after a resume", async () => {
    await run({ hooks: [...hooks(), stopAfter(5)], evaluateEvery: 1 });
    expect((await readdir(folder)).sort()).toEqual(["step-00000002", "step-00000005"]);
    const { checkpoint } = await latestCheckpoint(folder);
    await run({ hooks: hooks(), evaluateEvery: 1, resumeFrom: checkpoint!.state });
    expect((await readdir(folder)).sort()).toEqual(["step-00000002", "step-00000007"]);
    const best = await bestCheckpoint(folder);
    expect([best!.state.step, best!.metadata.metrics!.score]).toEqual([2, 5]);
  });

  it("does not exist where nothing was measured", async () => {
    await run({ hooks: [checkpointHook({ folder })] });
    expect(await bestCheckpoint(folder)).toBeUndefined();
  });
});

describe("a checkpoint of format version 1, from before hooks had a state", () => {
  it("is read, and the run goes on from it bit for bit; hooks begin anew", async () => {
    const losses = async (resumeFrom?: TrainingState): Promise<number[]> => {
      const random = Random.fromSeed(11);
      const task = logisticRegression(random);
      const optimizer = momentumSgd();
      const length = { sampleCount: 40, batchSize: 8, epochs: 2.3, warmupEpochs: 1 };
      const schedule = { ...warmupCosine({ learningRate: 0.5, scaling: "none", ...length }), totalSteps: 12 };
      const seen: number[] = [];
      const hooks = [{ name: "log", stepEnd: (_: unknown, { loss }: { loss: number }) => void seen.push(loss) }];
      await train({ task, optimizer, schedule, source: pointSource(random), random, hooks, resumeFrom });
      optimizer.dispose();
      task.dispose();
      return seen;
    };
    const { state } = await loadCheckpoint(FIXTURE);
    expect(state.hooks).toBeUndefined();
    expect(await losses(state)).toEqual((await losses()).slice(7));
  });
});

describe("memoryHook", () => {
  it("tells of tensors that leak, and of memory above a limit, once each", async () => {
    const warnings: string[] = [];
    const leaks: tf.Tensor[] = [];
    const leak: TrainerHook = { name: "leak", stepEnd: () => void leaks.push(tf.scalar(1)) };
    const random = Random.fromSeed(8);
    const task = logisticRegression(random);
    const optimizer = momentumSgd();
    const hooks = [leak, memoryHook({ everySteps: 1, maxBytes: 1, warn: (text) => void warnings.push(text) })];
    await train({ task, optimizer, schedule: constant(0.5, 30), source: pointSource(random), random, hooks });
    optimizer.dispose();
    task.dispose();
    tf.dispose(leaks);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/takes \d+ MiB of memory at step 0, above the limit of 0 MiB\. Lower the batch size/);
    expect(warnings[1]).toMatch(
      /tensors leak: their number has grown at each of the last 20 looks, to \d+ at step 20\./,
    );
  });
});
