import "@simclr/backend-onednn/register";
import { CheckpointError, Random } from "@simclr/core";
import { lars, momentumSgd, warmupCosine } from "@simclr/optim";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { logisticRegression, pointSource } from "../test/logistic-regression.js";
import type { TrainerHook, TrainingReport } from "./hooks.js";
import type { TrainingState } from "./state.js";
import { train } from "./train.js";

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors, "tensors left behind").toBe(before));

const TOTAL = 12;
const schedule = {
  ...warmupCosine({ learningRate: 0.5, scaling: "none", sampleCount: 40, batchSize: 8, epochs: 2.3, warmupEpochs: 1 }),
  totalSteps: TOTAL,
};

interface RunOptions {
  readonly resumeFrom?: TrainingState | undefined;
  readonly stopAfter?: number;
  readonly makeOptimizer?: typeof lars | typeof momentumSgd;
}

interface RunResult {
  readonly report: TrainingReport;
  readonly losses: readonly number[];
  /** As it was at the last `checkpoint` event. */
  readonly state: TrainingState | undefined;
  readonly events: readonly string[];
}

/** One run as a process would make it: its own model, optimizer and data, all made from the same seed. */
async function runOnce({ resumeFrom, stopAfter, makeOptimizer = momentumSgd }: RunOptions): Promise<RunResult> {
  const random = Random.fromSeed(11);
  const task = logisticRegression(random);
  const optimizer = makeOptimizer();
  const losses: number[] = [];
  const events: string[] = [];
  const controller = new AbortController();
  let state: TrainingState | undefined;
  const hook: TrainerHook = {
    name: "test",
    stepEnd(run, { loss }) {
      losses.push(loss);
      if (run.step === stopAfter) controller.abort("enough for today");
    },
    async checkpoint(run, { step, reason }) {
      events.push(`checkpoint ${step}: ${reason}`);
      state = await run.captureState();
    },
    interrupted: (_, { step, reason }) => void events.push(`interrupted ${step}: ${reason}`),
    trainEnd: () => void events.push("trainEnd"),
  };
  try {
    const report = await train({
      task,
      optimizer,
      schedule,
      source: pointSource(random),
      random,
      hooks: [hook],
      signal: controller.signal,
      resumeFrom,
    });
    return { report, losses, state, events };
  } finally {
    optimizer.dispose();
    task.dispose();
  }
}

const optimizers = [
  ["momentumSgd", momentumSgd],
  ["lars", lars],
] as const;

describeBackends(["cpu", "onednn"], () =>
  describe.each(optimizers)("a resumed run with %s", (_, makeOptimizer) => {
    // Epochs have 5 steps: 1 and 7 are in mid-epoch, 5 and 10 at the end of one, 11 is before the last step.
    it.each([1, 5, 7, 10, 11])(
      "makes the losses of the run that never stopped, bit for bit, after step %i",
      async (stopAfter) => {
        const whole = await runOnce({ makeOptimizer });
        const first = await runOnce({ makeOptimizer, stopAfter });
        expect(first.report).toMatchObject({ step: stopAfter, interrupted: true, reason: "enough for today" });
        expect(first.events).toEqual([
          `checkpoint ${stopAfter}: enough for today`,
          `interrupted ${stopAfter}: enough for today`,
          "trainEnd",
        ]);
        const second = await runOnce({ makeOptimizer, resumeFrom: first.state! });
        expect(second.report).toMatchObject({ startStep: stopAfter, step: TOTAL, interrupted: false });
        expect(whole.losses).toHaveLength(TOTAL);
        expect([...first.losses, ...second.losses]).toEqual(whole.losses);
        expect(second.state).toEqual(whole.state); // weights, statistics and slots
      },
    );
  }),
);

describe("resuming", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("at the end makes no step and asks for no checkpoint", async () => {
    const { state } = await runOnce({});
    const again = await runOnce({ resumeFrom: state! });
    expect(again.report).toMatchObject({ startStep: TOTAL, step: TOTAL, interrupted: false, lastLoss: undefined });
    expect(again.losses).toEqual([]);
    expect(again.events).toEqual(["trainEnd"]);
  });

  it("a signal on the last step counts as the end, not as an interruption", async () => {
    const { report, events } = await runOnce({ stopAfter: TOTAL });
    expect(report).toMatchObject({ step: TOTAL, interrupted: false, reason: undefined });
    expect(events).toEqual([`checkpoint ${TOTAL}: the end of training`, "trainEnd"]);
  });

  it("does not change the state it resumes from", async () => {
    const { state } = await runOnce({ stopAfter: 4 });
    const copy = structuredClone(state!);
    await runOnce({ resumeFrom: state! });
    expect(state).toEqual(copy);
  });

  it("refuses a state of another task, optimizer, epoch length or architecture, or beyond the end", async () => {
    const { state } = await runOnce({ stopAfter: 4 });
    const refusal = async (changed: TrainingState, makeOptimizer?: typeof lars): Promise<string> => {
      const error: unknown = await runOnce({ resumeFrom: changed, ...(makeOptimizer && { makeOptimizer }) }).catch(
        (e) => e,
      );
      expect(error).toBeInstanceOf(CheckpointError);
      return (error as Error).message;
    };
    const { meta, weights } = state!;
    expect(await refusal({ ...state!, meta: { ...meta, task: "simclr" } })).toBe(
      'Cannot resume: the checkpoint of step 4 was written with task "simclr", this run has "logistic regression". ' +
        "Resume with the settings and the data it was written with, or start a new run from its weights alone.",
    );
    expect(await refusal(state!, lars)).toContain('was written with optimizer "momentum-sgd", this run has "lars"');
    expect(await refusal({ ...state!, meta: { ...meta, stepsPerEpoch: 6 } })).toContain(
      "with stepsPerEpoch 6, this run has 5",
    );
    expect(await refusal({ ...state!, step: 13 })).toContain("the checkpoint is at step 13, this run ends at step 12");
    const { "input/mean": _, ...fewer } = weights;
    const wide = { shape: [4, 7], data: new Float32Array(28) };
    expect(await refusal({ ...state!, weights: { ...fewer, "dense/kernel": wide } })).toBe(
      'task "logistic regression": the saved weights do not fit. 1 of 3 missing: "input/mean" [4]. ' +
        '1 of 3 of another shape: "dense/kernel" must be [4, 3], saved [4, 7]. ' +
        "Build it with the architecture that the weights were saved from, or load other weights.",
    );
  });
});
