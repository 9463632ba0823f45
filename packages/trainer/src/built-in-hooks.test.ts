import { CheckpointError, type NamedArrays, Random, readWeights } from "@simclr/core";
import { constant, momentumSgd } from "@simclr/optim";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { logisticRegression, pointSource } from "../test/logistic-regression.js";
import { earlyStopHook } from "./early-stop-hook.js";
import { averagedWeights, emaHook } from "./ema-hook.js";
import type { TrainerHook, TrainingReport } from "./hooks.js";
import type { TrainingState } from "./state.js";
import { timeBudgetHook } from "./time-budget-hook.js";
import { train } from "./train.js";

let before = 0;
beforeEach(async () => {
  await tf.setBackend("cpu");
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors, "tensors left behind").toBe(before));

interface RunOptions {
  readonly hooks: readonly TrainerHook[];
  readonly resumeFrom?: TrainingState | undefined;
  readonly totalSteps?: number;
  readonly evaluateEvery?: number;
}

/** 4 steps an epoch, as a fresh process would make them. */
async function run({ hooks, resumeFrom, totalSteps = 6, evaluateEvery = 0 }: RunOptions): Promise<TrainingReport> {
  const random = Random.fromSeed(3);
  const task = logisticRegression(random);
  const optimizer = momentumSgd();
  const source = pointSource(random, { count: 32, batchSize: 8 });
  const schedule = constant(0.1, totalSteps);
  try {
    return await train({ task, optimizer, schedule, source, random, hooks, resumeFrom, evaluateEvery });
  } finally {
    optimizer.dispose();
    task.dispose();
  }
}

/** Keeps the state of the last checkpoint, asked for after `atStep` steps and at the end. */
const keeper = (kept: { state?: TrainingState }, atStep = 0): TrainerHook => ({
  name: "keeper",
  stepEnd: (run) => void (run.step === atStep && run.requestCheckpoint("test")),
  async checkpoint(run) {
    kept.state = await run.captureState();
    if (run.step === atStep) run.requestStop("test");
  },
});

describe("evaluations", () => {
  it("come every so many steps, before checkpoints, and at the end; later hooks see what was measured", async () => {
    const log: string[] = [];
    await run({
      evaluateEvery: 4,
      hooks: [
        {
          name: "meter",
          evaluate: (_, { step, metrics }) => {
            metrics.knn = step / 10;
          },
          stepEnd: (run) => void (run.step === 2 && run.requestEvaluation("curious")),
        },
        {
          name: "log",
          epochEnd: (_, { epoch }) => void log.push(`epoch ${epoch}`),
          evaluate: (run, { step, reason, metrics }) => {
            log.push(`evaluate ${step}: ${reason}: ${metrics.knn}`);
            if (step === 4) run.requestCheckpoint("best");
          },
          checkpoint: (_, { step, reason }) => void log.push(`checkpoint ${step}: ${reason}`),
        },
      ],
    });
    expect(log).toEqual([
      "evaluate 2: curious: 0.2",
      "epoch 0",
      "evaluate 4: every 4 steps: 0.4",
      "checkpoint 4: best",
      "evaluate 6: the end of training: 0.6",
      "checkpoint 6: the end of training",
    ]);
  });
});

describe("the learning rate", () => {
  it("is what the last hook set at stepStart, for that step alone", async () => {
    const rates: number[] = [];
    await run({
      hooks: [
        {
          name: "halve",
          stepStart: (_, start) => {
            if (start.step === 2) start.learningRate /= 2;
          },
        },
        {
          name: "double",
          stepStart: (_, start) => {
            if (start.step % 2 === 0) start.learningRate *= 2;
          },
        },
        { name: "log", stepEnd: (_, { learningRate }) => void rates.push(learningRate) },
      ],
    });
    expect(rates).toEqual([0.2, 0.1, 0.1, 0.1, 0.2, 0.1]);
  });

  it("is refused where it is no number >= 0, before anything has changed", async () => {
    const spoil = (learningRate: number) =>
      run({
        hooks: [
          {
            name: "spoil",
            stepStart: (_, start) => {
              start.learningRate = learningRate;
            },
          },
        ],
      });
    for (const rate of [Number.NaN, -1, Number.POSITIVE_INFINITY])
      await expect(spoil(rate)).rejects.toThrow(
        `The learning rate of step 0 is ${rate}; expected a finite number >= 0. Correct the schedule, or the hook that sets it.`,
      );
  });
});

describe("the state of hooks", () => {
  const counter = (log: number[]): TrainerHook => {
    let count = 0;
    return {
      name: "counter",
      capture: () => ({ values: { count } }),
      restore: ({ values }) => {
        count = values?.count as number;
      },
      stepEnd: () => void log.push(++count),
    };
  };

  it("is in a checkpoint, and a resumed run goes on with it", async () => {
    const kept: { state?: TrainingState } = {};
    const log: number[] = [];
    await run({ hooks: [counter(log), keeper(kept, 3)] });
    expect(kept.state!.hooks).toEqual({ counter: { values: { count: 3 } } });
    await run({ hooks: [counter(log)], resumeFrom: kept.state });
    expect(log).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("is not lost silently: a checkpoint that holds it is refused without the hook", async () => {
    const kept: { state?: TrainingState } = {};
    await run({ hooks: [counter([]), keeper(kept, 3)] });
    const error: unknown = await run({ hooks: [], resumeFrom: kept.state }).catch((e) => e);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toBe(
      'Cannot resume: the checkpoint of step 3 holds the state of a hook "counter", which this run does not have. ' +
        "Add the hook, or start a new run from the checkpoint's weights alone.",
    );
  });

  it("needs a name of its own, and both ways", async () => {
    await expect(run({ hooks: [counter([]), counter([])] })).rejects.toThrow(
      'train: two hooks with a state are called "counter"; checkpoints hold states by name.',
    );
    await expect(run({ hooks: [{ name: "half", capture: () => ({}) }] })).rejects.toThrow(
      'defineHook: hook "half" has `capture` alone; expected both or neither. Add `restore`',
    );
  });

  it("is not saved beside weights that are no numbers", async () => {
    const poison: TrainerHook = {
      name: "poison",
      stepEnd: ({ task, step }) => {
        if (step === 3) tf.tidy(() => task.weights[1]!.variable.assign(tf.fill([3], Number.NaN)));
      },
    };
    const kept: { state?: TrainingState } = {};
    await expect(run({ hooks: [poison, keeper(kept, 3)] })).rejects.toThrow(
      'hook "keeper" failed in checkpoint after 3 of 6 steps: task "logistic regression": after step 3, "dense/bias" holds numbers that are not finite; nothing was saved',
    );
    expect(kept.state).toBeUndefined();
  });
});

describe("emaHook", () => {
  it("averages weights and statistics from the start, as its formula says, and leaves the run alone", async () => {
    const values: NamedArrays[] = [];
    const kept: { state?: TrainingState } = {};
    const ema = emaHook({ decay: 0.75 });
    const watch: TrainerHook = {
      name: "watch",
      trainStart: async ({ task }) => void values.push(await readWeights(task.state)),
      stepEnd: async ({ task }) => void values.push(await readWeights(task.state)),
      trainEnd: async ({ task }) => {
        ema.apply();
        values.push(await readWeights(task.state));
      },
    };
    await run({ hooks: [ema, watch, keeper(kept)] });
    const plain: { state?: TrainingState } = {};
    await run({ hooks: [keeper(plain)] });
    expect(kept.state!.weights).toEqual(plain.state!.weights);
    const steps = values.slice(0, -1);
    for (const name of ["dense/kernel", "dense/bias", "input/mean"]) {
      const expected = steps
        .slice(1)
        .reduce(
          (mean, step) => mean.map((value, i) => 0.75 * value + 0.25 * step[name]!.data[i]!),
          [...steps[0]![name]!.data],
        );
      expectClose(averagedWeights(kept.state!)[name]!.data, expected, { atol: 1e-6 }); // six float32 roundings
      expect(values.at(-1)![name]).toEqual(averagedWeights(kept.state!)[name]);
    }
    ema.dispose();
  });

  it("goes on from a checkpoint bit for bit", async () => {
    const averages = async (stopAt: number | undefined): Promise<NamedArrays> => {
      const kept: { state?: TrainingState } = {};
      const hooks = [emaHook(), emaHook()];
      if (stopAt !== undefined) await run({ hooks: [hooks[0]!, keeper(kept, stopAt)] });
      await run({ hooks: [hooks[1]!, keeper(kept)], resumeFrom: kept.state });
      for (const hook of hooks) hook.dispose();
      return averagedWeights(kept.state!);
    };
    expect(await averages(2)).toEqual(await averages(undefined));
  });
});

describe("earlyStopHook", () => {
  const values = [1, 3, 2, 3, 2.5, 9];
  const meter: TrainerHook = {
    name: "meter",
    evaluate: (_, { step, metrics }) => {
      metrics.score = values[step - 1]!;
    },
  };
  const stopper = () => earlyStopHook({ metric: "score", patience: 2 });

  it("ends the run, as done, when the metric has not improved for a while", async () => {
    const report = await run({ hooks: [meter, stopper()], evaluateEvery: 1 });
    const reason = "early stop: score was no better than 3.000 for 2 values";
    expect(report).toMatchObject({ step: 4, interrupted: false, reason }); // 2 and 3 are no better than the first 3
  });

  it("counts on after a resume, and stays ended", async () => {
    const kept: { state?: TrainingState } = {};
    await run({ hooks: [meter, stopper(), keeper(kept, 3)], evaluateEvery: 1 });
    const report = await run({ hooks: [meter, stopper(), keeper(kept)], evaluateEvery: 1, resumeFrom: kept.state });
    expect(report).toMatchObject({ startStep: 3, step: 4, interrupted: false });
    const again = await run({ hooks: [meter, stopper()], evaluateEvery: 1, resumeFrom: kept.state });
    expect(again).toMatchObject({ startStep: 4, step: 4, interrupted: false });
  });

  it("can watch the mean loss of epochs, less being better", async () => {
    const hook = earlyStopHook({ metric: "meanLoss", mode: "min", patience: 1, minimumGain: 100 });
    expect(await run({ hooks: [hook], totalSteps: 20 })).toMatchObject({ step: 8, interrupted: false });
  });
});

describe("timeBudgetHook", () => {
  it("stops at once where the time is up, and never where it is long", async () => {
    const report = await run({ hooks: [timeBudgetHook({ maxMinutes: 1, startedMs: performance.now() - 61_000 })] });
    const reason = "the time of 1 minutes is used up";
    expect(report).toMatchObject({ step: 0, interrupted: true, reason });
    expect(await run({ hooks: [timeBudgetHook({ maxMinutes: 60 })] })).toMatchObject({ step: 6, interrupted: false });
  });

  it("leaves room for one more step of the longest that was seen", async () => {
    const slow: TrainerHook = { name: "slow", stepEnd: () => new Promise((resolve) => setTimeout(resolve, 200)) };
    const hooks = [slow, timeBudgetHook({ maxMinutes: 0.5 / 60 })];
    const { step, seconds, interrupted } = await run({ hooks, totalSteps: 100 });
    expect([interrupted, step > 0, seconds < 0.5]).toEqual([true, true, true]);
  });
});
