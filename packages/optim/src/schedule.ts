import { checkChoice, checkInRange, checkInteger, checkPositive } from "@simclr/core";

/** The learning rate of every step of a run. A plain object: write your own. */
export interface Schedule {
  /** The learning rate of a step, >= 0; steps count from 0. */
  learningRateAt(step: number): number;
  /** How many steps the run has. */
  readonly totalSteps: number;
}

/** How many images, how often, in batches of what size. */
export interface RunLength {
  /** Images in the training set, >= 1. */
  readonly sampleCount: number;
  /** Passes over the training set, > 0. */
  readonly epochs: number;
  /** Images in a batch, over all ranks, >= 1. */
  readonly batchSize: number;
}

export interface WarmupOptions extends RunLength {
  /** Base learning rate, before scaling, >= 0. */
  readonly learningRate: number;
  /** `linear`: times batchSize / 256; `sqrt`: times √batchSize; `none`: as given. @defaultValue "linear" */
  readonly scaling?: "linear" | "sqrt" | "none";
  /** Epochs in which the rate grows from 0, in [0, epochs]. @defaultValue 0 */
  readonly warmupEpochs?: number;
}

export interface WarmupSchedule extends Schedule {
  readonly warmupSteps: number;
  /** The learning rate after scaling, reached at the end of the warm-up. */
  readonly peakLearningRate: number;
}

/**
 * The number of steps of a run as the official code counts them: floor(sampleCount · epochs / batchSize) + 1.
 *
 * @throws InvalidArgumentError if an argument is out of range.
 */
export function trainSteps(sampleCount: number, epochs: number, batchSize: number): number {
  checkInteger("trainSteps", { sampleCount }, 1);
  checkPositive("trainSteps", { epochs });
  checkInteger("trainSteps", { batchSize }, 1);
  return Math.floor((sampleCount * epochs) / batchSize) + 1;
}

/**
 * Linear warm-up from 0, then half a cosine down to 0: the schedule of SimCLR.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export const warmupCosine = (options: WarmupOptions): WarmupSchedule =>
  warmup("warmupCosine", options, (progress) => 0.5 * (1 + Math.cos(Math.PI * progress)));

/**
 * Linear warm-up from 0, then a straight line down to 0.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export const warmupLinear = (options: WarmupOptions): WarmupSchedule =>
  warmup("warmupLinear", options, (progress) => 1 - progress);

/**
 * Linear warm-up from 0, then the same learning rate to the end.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export const warmupConstant = (options: WarmupOptions): WarmupSchedule => warmup("warmupConstant", options, () => 1);

/** @param decay - The share of the peak that is left, by progress after the warm-up, in [0, 1]. */
function warmup(where: string, options: WarmupOptions, decay: (progress: number) => number): WarmupSchedule {
  const { learningRate, scaling = "linear", batchSize, sampleCount, epochs, warmupEpochs = 0 } = options;
  checkInRange(where, { learningRate }, 0, Number.MAX_VALUE);
  checkChoice(where, { scaling }, ["linear", "sqrt", "none"]);
  const totalSteps = trainSteps(sampleCount, epochs, batchSize);
  checkInRange(where, { warmupEpochs }, 0, epochs, "The warm-up is part of the epochs.");
  const warmupSteps = Math.floor((warmupEpochs * sampleCount) / batchSize);
  const factor = { linear: batchSize / 256, sqrt: Math.sqrt(batchSize), none: 1 }[scaling];
  const peakLearningRate = learningRate * factor;
  return {
    totalSteps,
    warmupSteps,
    peakLearningRate,
    learningRateAt(step) {
      checkInteger("learningRateAt", { step });
      if (step < warmupSteps) return (peakLearningRate * step) / warmupSteps;
      return peakLearningRate * decay(Math.min((step - warmupSteps) / (totalSteps - warmupSteps), 1));
    },
  };
}

/**
 * The same learning rate at every step.
 *
 * @param learningRate - >= 0.
 * @param totalSteps - >= 1.
 * @throws InvalidArgumentError if an argument is out of range.
 */
export function constant(learningRate: number, totalSteps: number): Schedule {
  checkInRange("constant", { learningRate }, 0, Number.MAX_VALUE);
  checkInteger("constant", { totalSteps }, 1);
  return { totalSteps, learningRateAt: () => learningRate };
}
