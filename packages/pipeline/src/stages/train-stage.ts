import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { splitCrop } from "@simclr/augment";
import { assignWeights, CheckpointError } from "@simclr/core";
import { createLoader, type Loader } from "@simclr/data";
import { averagedWeights, emaHook, type TrainingReport, train } from "@simclr/trainer";
import { latestCheckpoint, readSteps, writeFileAtomic } from "@simclr/trainer/node";
import { buildOptimizer, buildSchedule } from "../build.js";
import type { PipelineEvents } from "../events.js";
import type { StageSummary } from "../results.js";
import { lockFolder } from "../run/folder-lock.js";
import { InterruptedError } from "./interrupted-error.js";
import type { StageEnvironment, TrainStage } from "./stage.js";
import { chanceOf, hooksOf } from "./stage-hooks.js";
import { summarize, summaryWords } from "./stage-summary.js";
import { starvationHook } from "./starvation-hook.js";

/**
 * Trains the stage's task, or takes up where an earlier sitting stopped, or, if the stage is done, loads its weights.
 * Afterwards the task's weights are the trained ones, on every rank. The stage's folder is locked while it is trained, since
 * runs may share it.
 *
 * @throws InterruptedError after a signal, once the checkpoint is written; CheckpointError if the stage is not done and is not
 *   to be trained; ConfigError if another process trains it.
 */
export async function trainStage(stage: TrainStage, environment: StageEnvironment): Promise<StageSummary> {
  const { communicator, rehearsal, trains, events } = environment;
  const { folder, inputs } = stage;
  if (rehearsal !== undefined) {
    const { summary, checkpoint } = await standing(stage, environment);
    return rehearsal.perform(stage, { isDone: summary !== undefined, step: checkpoint?.state.step ?? 0 }, environment);
  }
  await mkdir(folder, { recursive: true });
  const isToTrain = trains && (await finishedSummary(folder, inputs)) === undefined;
  const lock = isToTrain && communicator.rank === 0 ? await lockFolder(folder, events.line) : undefined;
  try {
    return await trainOrLoad(stage, environment);
  } finally {
    lock?.release();
  }
}

/** What the stage's folder holds: the summary of a stage that is done, whose weights are in the checkpoint. */
async function standing(stage: TrainStage, { events }: StageEnvironment) {
  const done = await finishedSummary(stage.folder, stage.inputs);
  const checkpoint = await ownCheckpoint(stage, events);
  return { checkpoint, summary: checkpoint === undefined ? undefined : done };
}

async function trainOrLoad(stage: TrainStage, environment: StageEnvironment): Promise<StageSummary> {
  const { events, signal, communicator } = environment;
  const { folder, task, training, dataset, inputs, title } = stage;
  const { summary: done, checkpoint } = await standing(stage, environment);
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
      {
        subject: folder,
        expected: "a stage that is done",
        received: checkpoint === undefined ? "no checkpoint" : `step ${checkpoint.state.step}`,
      },
    );

  await stage.prepare?.();
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
    const reports = await readSteps(metricsFile);
    const summary = summarize(title, folder, reports, loader.stepsPerEpoch);
    events.line(`${title}: ${summaryWords(summary, reports, chanceOf(stage, environment))}`);
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

async function finishedSummary(folder: string, inputs: string): Promise<StageSummary | undefined> {
  const file = join(folder, "result.json");
  if (!existsSync(file)) return undefined;
  const result = JSON.parse(await readFile(file, "utf8")) as { inputs: string; summary: StageSummary };
  return result.inputs === inputs ? result.summary : undefined;
}
