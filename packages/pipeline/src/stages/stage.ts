import type { Augmentation } from "@simclr/augment";
import type { Communicator, Dataset, ImageBatch, Random } from "@simclr/core";
import type { TrainerHook, TrainingTask } from "@simclr/trainer";
import type { Config, TrainingConfig } from "../config/schema.js";
import type { PipelineEvents } from "../events.js";
import type { Parts } from "../plugins/parts.js";
import type { StageSummary } from "../results.js";
import type { Networks } from "./networks.js";

/** One training with its own folder, checkpoints and metrics. */
export interface TrainStage {
  /** For people: "pretraining", "fine-tuning with 100 labels". */
  readonly title: string;
  readonly folder: string;
  /** Hash of all that decides the result; a stage that is done for the same inputs is not done again. */
  readonly inputs: string;
  readonly task: TrainingTask<ImageBatch>;
  /** Makes what the task needs, on every rank, before the first step of a sitting; not where nothing is trained. */
  readonly prepare?: () => Promise<void>;
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
  /** What measures, before the hooks that write or choose by it; on every rank, which share the work. @defaultValue none */
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
  /** Own all networks that stages build. */
  readonly networks: Networks;
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
