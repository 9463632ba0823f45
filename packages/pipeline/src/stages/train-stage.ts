import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Augmentation, splitCrop } from "@simclr/augment";
import {
  assignWeights,
  CheckpointError,
  type Communicator,
  type Dataset,
  type ImageBatch,
  type Random,
} from "@simclr/core";
import { createLoader, type Loader } from "@simclr/data";
import {
  averagedWeights,
  type EmaHook,
  earlyStopHook,
  emaHook,
  progressHook,
  type StepReport,
  type TrainerHook,
  type TrainingReport,
  type TrainingTask,
  timeBudgetHook,
  train,
} from "@simclr/trainer";
import {
  checkpointHook,
  csvHook,
  jsonlHook,
  latestCheckpoint,
  memoryHook,
  readSteps,
  tensorBoardHook,
  writeFileAtomic,
} from "@simclr/trainer/node";
import { buildOptimizer, buildSchedule } from "../build.js";
import type { Config, TrainingConfig } from "../config/schema.js";
import type { PipelineEvents } from "../events.js";
import { buildHooks } from "../plugins/build-hooks.js";
import type { Parts } from "../plugins/parts.js";
import { recordPlugins } from "../plugins/recorded-plugins.js";
import type { StageSummary } from "../results.js";
import { starvationHook } from "./starvation-hook.js";

/** One training with its own folder, checkpoints and metrics. */
export interface TrainStage {
  /** For people: "pretraining", "fine-tuning with 100 labels". */
  readonly title: string;
  readonly folder: string;
  /** Hash of all that decides the result; a stage that is done for the same inputs is not done again. */
  readonly inputs: string;
  readonly task: TrainingTask<ImageBatch>;
  readonly training: TrainingConfig;
  /** Where the training stands in the configuration, for messages. */
  readonly place: string;
  readonly dataset: Dataset;
  /** Only these images; all where undefined. */
  readonly indices?: Int32Array;
  readonly recipe: readonly Augmentation[];
  /** Views that the task takes of an image. */
  readonly views: number;
  readonly random: Random;
  /** What measures, before the hooks that write or choose by it; on the first rank. @defaultValue none */
  readonly measures?: readonly TrainerHook[];
  /** Besides those of every stage, on the first rank. @defaultValue none */
  readonly hooks?: readonly TrainerHook[];
  /** Travels inside the checkpoints: what is needed to rebuild the network and to use it. */
  readonly description: Readonly<Record<string, unknown>>;
}

export interface StageEnvironment {
  readonly config: Config;
  /** What the config can name. */
  readonly parts: Parts;
  readonly events: PipelineEvents;
  readonly signal?: AbortSignal | undefined;
  /** When the run began, as `performance.now()` gives it: its time budget runs from there. */
  readonly startedMs: number;
  /** The ranks of the run. All train; rank 0 alone writes, prints and measures. */
  readonly communicator: Communicator;
  /** Whether a stage that is not done is trained; else it is an error. */
  readonly trains: boolean;
  /** Told of every stage before its first step, on the first rank. */
  readonly stageStarts?: (stage: StartedStage) => Promise<void>;
  /** Takes the place of training; then nothing is written. @defaultValue none */
  readonly rehearsal?: Rehearsal | undefined;
}

/** A stage that is trained now, or was done before. */
interface StartedStage {
  readonly title: string;
  readonly folder: string;
  readonly totalSteps: number;
  readonly isDone: boolean;
}

/** Tries a stage instead of training it. */
export interface Rehearsal {
  /** @param standing - What the folder of the stage holds already. */
  perform(stage: TrainStage, standing: StageStanding, environment: StageEnvironment): Promise<StageSummary>;
}

export interface StageStanding {
  readonly isDone: boolean;
  /** Updates that are in its newest checkpoint. */
  readonly step: number;
}

/** Thrown when a signal ended a stage after its checkpoint was written: nothing is lost, the run can go on later. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/**
 * Trains the stage's task, or takes up where an earlier sitting stopped, or, if the stage is done, loads its weights.
 * Afterwards the task's weights are the trained ones, on every rank.
 *
 * @throws InterruptedError after a signal, once the checkpoint is written; CheckpointError if the stage is not done and is not to be trained.
 */
export async function trainStage(stage: TrainStage, environment: StageEnvironment): Promise<StageSummary> {
  const { events, signal, communicator } = environment;
  const { folder, task, training, dataset, inputs, title } = stage;
  const { rehearsal } = environment;
  if (rehearsal === undefined) await mkdir(folder, { recursive: true });
  const done = await finishedSummary(folder, inputs);
  const checkpoint = await ownCheckpoint(stage, events);
  if (rehearsal !== undefined) {
    const isDone = done !== undefined && checkpoint !== undefined;
    return rehearsal.perform(stage, { isDone, step: checkpoint?.state.step ?? 0 }, environment);
  }
  await communicator.barrier(); // every rank has read what is there before the first one writes
  if (done !== undefined && checkpoint !== undefined) {
    assignWeights(task.state, averagedWeights(checkpoint.state), checkpoint.path);
    events.line(`${title}: done before, ${done.steps} steps`);
    if (communicator.rank === 0)
      await environment.stageStarts?.({ title, folder, totalSteps: done.steps, isDone: true });
    return done;
  }
  if (!environment.trains)
    throw new CheckpointError(
      `${title}: there is no trained network of this configuration in ${folder}. Train it first, with simclr run and the same configuration and folder.`,
      { subject: folder, expected: "a stage that is done", received: done === undefined ? "none" : "no checkpoint" },
    );

  const sampleCount = stage.indices?.length ?? dataset.size;
  const optimizer = buildOptimizer(training);
  const loader = loaderOf(stage, environment);
  const metricsFile = join(folder, "metrics.jsonl");
  const resumed = checkpoint === undefined ? "" : `, going on from step ${checkpoint.state.step}`;
  const schedule = buildSchedule(training, sampleCount);
  events.line(`${title}: ${sampleCount} images, ${schedule.totalSteps} steps of ${training.batchSize}${resumed}`);
  if (communicator.rank === 0)
    await environment.stageStarts?.({ title, folder, totalSteps: schedule.totalSteps, isDone: false });
  const average = training.averageDecay === undefined ? undefined : emaHook({ decay: training.averageDecay });
  try {
    const report = await train({
      task,
      optimizer,
      schedule,
      source: loader,
      random: stage.random,
      ...(checkpoint && { resumeFrom: checkpoint.state }),
      ...(signal && { signal }),
      communicator,
      hooks: [
        ...(communicator.rank === 0 ? [starvationHook(loader, events.line)] : []),
        ...hooksOf(stage, metricsFile, environment, average),
      ],
    });
    if (report.interrupted) throw new InterruptedError(interruption(title, report));
    if (report.reason !== undefined) events.line(`${title}: ended after step ${report.step}, ${report.reason}`);
    average?.apply();
  } finally {
    average?.dispose();
    optimizer.dispose();
    await loader.close();
  }
  if (communicator.rank === 0) {
    const summary = summarize(title, folder, await readSteps(metricsFile), loader.stepsPerEpoch);
    if (summary.communication !== undefined)
      events.line(`${title}: ${(100 * summary.communication).toFixed(1)} % of the time in collectives`);
    await writeFileAtomic(join(folder, "result.json"), `${JSON.stringify({ inputs, summary }, null, 2)}\n`);
  }
  await communicator.barrier(); // it is written
  return (await finishedSummary(folder, inputs))!;
}

/** Batches of the stage's images, or cropped views of them; the caller closes it. */
export function loaderOf(stage: TrainStage, { config, communicator }: StageEnvironment): Loader {
  const { dataset, training, indices } = stage;
  const { crop } = splitCrop(stage.recipe);
  return createLoader(dataset, {
    batchSize: training.batchSize,
    random: stage.random.fork("loader"),
    ...(indices && { indices }),
    ...(crop && { crop, views: stage.views }),
    repeat: (indices?.length ?? dataset.size) < training.batchSize,
    augmentRandom: stage.random,
    share: communicator,
    ...(config.data.workers !== undefined && { workers: config.data.workers }),
  });
}

/** The newest checkpoint of the stage's folder, if there is one. */
async function ownCheckpoint({ folder, inputs, title }: TrainStage, events: PipelineEvents) {
  const { checkpoint, damaged } = await latestCheckpoint(folder);
  for (const { path, error } of damaged) events.line(`warning: passing over ${path}: ${error.message}`);
  if (checkpoint === undefined || checkpoint.metadata.inputs === inputs) return checkpoint;
  throw new CheckpointError(
    `${checkpoint.path} belongs to other inputs than this stage (${title}). Choose another folder with --output, or start anew with --fresh.`,
    { subject: checkpoint.path, expected: inputs, received: String(checkpoint.metadata.inputs) },
  );
}

function interruption(title: string, { step, reason = "" }: TrainingReport): string {
  const why = reason.startsWith("received ") ? "" : `, ${reason}`;
  return `${title}: stopped at step ${step}${why}; the same command goes on from there.`;
}

/**
 * Those that measure first, those that write after them, checkpoints last. Hooks of plugins may change what is trained, so
 * all ranks have them; what writes and chooses is the first rank's.
 */
function hooksOf(
  stage: TrainStage,
  metricsFile: string,
  environment: StageEnvironment,
  average: EmaHook | undefined,
): TrainerHook[] {
  const { config, communicator, events, parts } = environment;
  const isFirst = communicator.rank === 0;
  const { folder, training, place } = stage;
  return [
    ...(isFirst ? [memoryHook({ everySteps: 10, warn: warner(environment), maxBytes: maxBytes(config) })] : []),
    ...(isFirst ? (stage.measures ?? []) : []),
    ...buildHooks(training, place, parts, { folder, say: events.line }),
    ...(average ? [average] : []),
    ...(isFirst ? recordingHooks(stage, metricsFile, environment) : []),
  ];
}

const warner =
  ({ events }: StageEnvironment) =>
  (text: string): void =>
    events.line(`warning: ${text}`);

const maxBytes = ({ memory }: Config): number | undefined =>
  memory.warnAboveMegabytes === undefined ? undefined : memory.warnAboveMegabytes * 2 ** 20;

/** Metrics, progress and checkpoints. */
function recordingHooks(stage: TrainStage, metricsFile: string, environment: StageEnvironment): TrainerHook[] {
  const { config, events, parts, startedMs } = environment;
  const { folder, inputs, description, training } = stage;
  const { everySeconds, everySteps, keep, best } = config.checkpoint;
  return [
    jsonlHook(metricsFile),
    ...(stage.measures?.length ? [jsonlHook(join(folder, "evaluations.jsonl"), { per: "evaluation" })] : []),
    ...logs(stage, config),
    ...(stage.hooks ?? []),
    progressHook({ ...events.progress, everySeconds: events.progress.isTerminal ? 0.5 : 10 }),
    ...(training.earlyStop ? [earlyStopHook(training.earlyStop)] : []),
    ...(config.maxMinutes === undefined ? [] : [timeBudgetHook({ maxMinutes: config.maxMinutes, startedMs })]),
    checkpointHook({
      folder,
      everySeconds,
      ...(everySteps !== undefined && { everySteps }),
      keep,
      best,
      metadata: () => ({ ...description, inputs, plugins: recordPlugins(parts) }),
    }),
  ];
}

/** What other programs read. */
function logs({ folder, measures = [] }: TrainStage, { logging }: Config): TrainerHook[] {
  const { csv, tensorboard, histogramsEvery = 0 } = logging;
  const tables = csv
    ? [
        csvHook(join(folder, "steps.csv")),
        csvHook(join(folder, "epochs.csv"), { per: "epoch" }),
        ...(measures.length > 0 ? [csvHook(join(folder, "evaluations.csv"), { per: "evaluation" })] : []),
      ]
    : [];
  return [...tables, ...(tensorboard ? [tensorBoardHook(join(folder, "tensorboard"), { histogramsEvery })] : [])];
}

async function finishedSummary(folder: string, inputs: string): Promise<StageSummary | undefined> {
  const file = join(folder, "result.json");
  if (!existsSync(file)) return undefined;
  const result = JSON.parse(await readFile(file, "utf8")) as { inputs: string; summary: StageSummary };
  return result.inputs === inputs ? result.summary : undefined;
}

function summarize(stage: string, folder: string, reports: readonly StepReport[], stepsPerEpoch: number): StageSummary {
  const last = reports.slice(-stepsPerEpoch);
  const mean = (value: (report: StepReport) => number): number =>
    last.reduce((sum, report) => sum + value(report), 0) / last.length;
  const keys = Object.keys(last[0]?.metrics ?? {}).filter((key) => last.every(({ metrics }) => key in metrics));
  const seconds = reports.reduce((sum, { stepMs, dataWaitMs }) => sum + stepMs + dataWaitMs, 0) / 1000;
  const waited = reports.reduce((sum, { communicationMs = 0 }) => sum + communicationMs, 0) / 1000;
  return {
    stage,
    folder,
    steps: reports.length,
    seconds,
    ...(waited > 0 && { communication: waited / seconds }),
    finalLoss: mean(({ loss }) => loss),
    metrics: Object.fromEntries(keys.map((key) => [key, mean(({ metrics }) => metrics[key]!)])),
  };
}
