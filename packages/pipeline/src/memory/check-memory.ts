import { ConfigError } from "@simclr/core";
import {
  type Checkpointing,
  headParameters,
  type MemoryPlan,
  type MemoryPlanOptions,
  planMemory,
  resNetFeatureDimension,
} from "@simclr/models";
import { architectureOf, ownEncoder, type Size } from "../build.js";
import type { Config, TrainingConfig } from "../config/schema.js";
import { availableMemory } from "./available-memory.js";

/** `simclr run` before it trains, and what loading and augmenting images leaves behind; the images it keeps come on top. */
export const PROGRAM = 260e6;
/** Of weights and optimizer, while a checkpoint is written. */
export const HOST_COPIES = 2;

/** What a stage of a run is predicted to need. */
export interface StageMemory {
  readonly stage: string;
  readonly plan: MemoryPlan;
}

interface Stage {
  readonly name: string;
  readonly size: Size;
  /** Views of an image that are encoded at once. */
  readonly views: number;
  readonly batchSize: number;
  readonly fineTuneAfter: number;
  readonly training: TrainingConfig;
}

/**
 * The memory of every stage that trains a ResNet, in the order of the run. What a plugin's encoder needs cannot be told, and
 * what its head needs is left out.
 */
export function predictMemory(config: Config): readonly StageMemory[] {
  return stagesOf(config).map((stage) => ({ stage: stage.name, plan: planMemory(planOptions(config, stage)) }));
}

/**
 * Refuses a run that will not fit, before its first step.
 *
 * @param available - Bytes. @defaultValue what this process has, and what the machine, or the container, can still give
 * @returns The names of the stages of which nothing can be predicted.
 * @throws ConfigError that tells the predicted and the available memory, and what to change.
 */
export function checkMemory(
  config: Config,
  available: number = process.memoryUsage.rss() + availableMemory(),
): readonly string[] {
  for (const stage of stagesOf(config)) {
    const plan = planMemory(planOptions(config, stage));
    if (plan.total <= available) continue;
    throw new ConfigError(
      `${stage.name} needs about ${gigabytes(plan.total)} of memory (${describe(plan)}), but ${gigabytes(available)} are available. ` +
        `${advice(config, stage, available)} To try all the same, set memory.check to false.`,
      { subject: stage.name, expected: gigabytes(plan.total), received: gigabytes(available) },
    );
  }
  return allStages(config)
    .filter(({ size }) => ownEncoder(config, size) !== undefined)
    .map(({ name }) => name);
}

const stagesOf = (config: Config): Stage[] =>
  allStages(config).filter(({ size }) => ownEncoder(config, size) === undefined);

function allStages(config: Config): Stage[] {
  const { pretrain, finetune, supervised, distill } = config;
  const whole = { size: {}, views: 1, fineTuneAfter: -1 };
  const stages: Stage[] = [];
  if (pretrain.steps !== 0)
    stages.push({ ...whole, name: "pretrain", views: 2, batchSize: pretrain.batchSize, training: pretrain });
  if (supervised) stages.push({ ...whole, name: "supervised", batchSize: supervised.batchSize, training: supervised });
  const { batchSize, fineTuneAfter } = finetune;
  stages.push({ ...whole, name: "finetune", batchSize, fineTuneAfter, training: finetune });
  for (const student of distill?.students ?? []) {
    const { batchSize } = distill!;
    stages.push({ ...whole, name: `distill (${student.name})`, size: student, batchSize, training: distill! });
  }
  return stages;
}

interface Change {
  readonly checkpointing?: Checkpointing;
  readonly batchSize?: number;
}

function planOptions(config: Config, stage: Stage, change: Change = {}): MemoryPlanOptions {
  const { model, data, backend } = config;
  const architecture = architectureOf(config, stage.size);
  const inputDimension = resNetFeatureDimension(architecture);
  const { head } = model;
  const sizes = head.name === undefined && { layers: head.layers, outputDimension: head.dimension };
  return {
    architecture,
    imageSize: data.imageSize,
    rows: stage.views * (change.batchSize ?? stage.batchSize),
    checkpointing: change.checkpointing ?? model.checkpointing,
    fineTuneAfter: stage.fineTuneAfter,
    slots: slotsOf(stage.training),
    headParameters: sizes ? headParameters({ inputDimension, ...sizes }) : 0,
    precision: backend.precision,
    program: PROGRAM,
    hostCopies: HOST_COPIES,
  };
}

/** Velocity, or the two moments of AdamW; and the moving average. */
const slotsOf = ({ optimizer, averageDecay }: TrainingConfig): number =>
  (optimizer.name === "adamw" ? 2 : 1) + (averageDecay === undefined ? 0 : 1);

/** The least change that makes the stage fit. */
function advice(config: Config, stage: Stage, available: number): string {
  const fits = (change: Change): boolean => planMemory(planOptions(config, stage, change)).total <= available;
  const canCheckpoint = config.model.checkpointing !== "block";
  if (canCheckpoint && fits({ checkpointing: "block" })) return "Set model.checkpointing to block.";
  const checkpointing = canCheckpoint ? ({ checkpointing: "block" } as const) : {};
  for (let batchSize = stage.batchSize >> 1; batchSize >= 2; batchSize >>= 1)
    if (fits({ ...checkpointing, batchSize })) {
      const also = canCheckpoint ? "model.checkpointing to block and " : "";
      return `Set ${also}the batch size of ${stage.name} to ${batchSize}.`;
    }
  return "Take a smaller network (model.depth, model.width) or smaller images: no batch size is small enough.";
}

function describe({ weights, optimizer, gradients, activations }: MemoryPlan): string {
  return `weights ${gigabytes(weights)}, optimizer ${gigabytes(optimizer)}, gradients ${gigabytes(gradients)}, activations ${gigabytes(activations)}`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`;
}
