import { join } from "node:path";
import { type EmaHook, earlyStopHook, progressHook, type TrainerHook, timeBudgetHook } from "@simclr/trainer";
import { checkpointHook, csvHook, jsonlHook, memoryHook, tensorBoardHook } from "@simclr/trainer/node";
import type { Config } from "../config/schema.js";
import { buildHooks } from "../plugins/build-hooks.js";
import { recordPlugins } from "../plugins/recorded-plugins.js";
import type { StageEnvironment, TrainStage } from "./stage.js";

/**
 * Those that measure first, those that write after them, checkpoints last. Hooks of plugins may change what is trained, so
 * all ranks have them; what writes and chooses is the first rank's.
 */
export function hooksOf(
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
    ...(stage.measures ?? []),
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
    progressHook({
      ...events.progress,
      chance: chanceOf(stage, environment),
      everySeconds: events.progress.isTerminal ? 0.5 : 10,
    }),
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

/** What guessing gives of the metrics of a step: of SimCLR's, the partner among the second views of a batch. */
export function chanceOf({ place, training }: TrainStage, { config }: StageEnvironment): Record<string, number> {
  return place === "pretrain" && config.method.name === "simclr" ? { contrastAccuracy: 1 / training.batchSize } : {};
}
