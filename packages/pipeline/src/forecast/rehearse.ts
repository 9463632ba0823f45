import { defineHook, train } from "@simclr/trainer";
import { buildOptimizer, buildSchedule } from "../build.js";
import type { StageSummary } from "../results.js";
import type { Rehearsal, StageEnvironment, StageStanding, TrainStage } from "../stages/stage.js";
import { loaderOf } from "../stages/train-stage.js";

/** Steps in which memory is allotted and kernels are prepared: measured, but no measure for the others. */
const FIRST_STEPS = 2;
/** Further steps of a stage that are measured: at least so many, then until the time is up or there are enough. */
const [LEAST_STEPS, MOST_STEPS, ENOUGH_SECONDS] = [3, 24, 3];

/** A stage as a run would do it now. */
export interface ForecastStage {
  /** For people: "pretraining", "fine-tuning with 100 (10 a class) labels". */
  readonly stage: string;
  readonly folder: string;
  readonly status: "to do" | "begun" | "done";
  /** Images that it learns from. */
  readonly images: number;
  readonly batchSize: number;
  /** Of the whole stage. */
  readonly steps: number;
  /** That are left to do. */
  readonly stepsLeft: number;
  /** Measured; null for a stage that is done. */
  readonly secondsPerStep: number | null;
  /** For the steps that are left. */
  readonly seconds: number;
}

/** Measured seconds of a stage's steps. */
interface Pace {
  /** All of the first steps together. */
  readonly first: number;
  /** One of the others. */
  readonly perStep: number;
}

/**
 * Makes a few real steps of each stage, with its own batch, network and images, in place of training it. Stages that differ in
 * their labels alone are tried once.
 *
 * @param stages - Receives what was found.
 */
export function rehearsal(stages: ForecastStage[]): Rehearsal {
  const known = new Map<string, Pace>();
  return {
    async perform(stage, standing, environment) {
      const key = `${String(stage.description.stage).replace(/-\d+$/, "")} ${stage.training.batchSize}`;
      const pace = standing.isDone ? undefined : (known.get(key) ?? (await tryStage(stage, environment)));
      if (pace !== undefined) known.set(key, pace);
      stages.push(forecast(stage, standing, pace));
      return summaryOf(stage, stages.at(-1)!);
    },
  };
}

function forecast(stage: TrainStage, { isDone, step }: StageStanding, pace: Pace | undefined): ForecastStage {
  const images = stage.indices?.length ?? stage.dataset.size;
  const steps = buildSchedule(stage.training, images).totalSteps;
  const stepsLeft = isDone ? 0 : Math.max(steps - step, 0);
  const seconds = pace === undefined ? 0 : pace.first + Math.max(stepsLeft - FIRST_STEPS, 0) * pace.perStep;
  return {
    stage: stage.title,
    folder: stage.folder,
    status: isDone ? "done" : step > 0 ? "begun" : "to do",
    images,
    batchSize: stage.training.batchSize,
    steps,
    stepsLeft,
    secondsPerStep: pace?.perStep ?? null,
    seconds,
  };
}

function summaryOf({ title, folder }: TrainStage, { steps, seconds }: ForecastStage): StageSummary {
  return { stage: title, folder, steps, seconds, finalLoss: Number.NaN, metrics: {} };
}

async function tryStage(stage: TrainStage, environment: StageEnvironment): Promise<Pace> {
  const { training, task, random, dataset, indices, title } = stage;
  environment.events.line(`trying ${title}`);
  const optimizer = buildOptimizer(training);
  const loader = loaderOf(stage, environment);
  const seconds: number[] = [];
  const watch = defineHook({
    name: "rehearsal",
    stepEnd(run, { stepMs, dataWaitMs }) {
      seconds.push((stepMs + dataWaitMs) / 1000);
      const others = seconds.slice(FIRST_STEPS);
      const isEnough = others.length >= MOST_STEPS || (others.length >= LEAST_STEPS && sum(others) >= ENOUGH_SECONDS);
      if (isEnough) run.requestEnd("it is measured");
    },
  });
  try {
    await train({
      task,
      optimizer,
      schedule: buildSchedule(training, indices?.length ?? dataset.size),
      source: loader,
      random,
      ...(environment.signal && { signal: environment.signal }),
      hooks: [watch],
    });
  } finally {
    optimizer.dispose();
    await loader.close();
  }
  const others = seconds.slice(FIRST_STEPS);
  const first = sum(seconds.slice(0, FIRST_STEPS));
  return { first, perStep: sum(others) / Math.max(others.length, 1) };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
