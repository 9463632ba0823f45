import type { Communicator, Random, Weight } from "@simclr/core";
import type * as tf from "@tensorflow/tfjs-core";

/** Where in the run a step is, and what it may draw from and talk to. */
export interface StepContext {
  /** Updates made before this one, over all epochs; 0 for the first. */
  readonly step: number;
  readonly epoch: number;
  /** Position in the epoch, 0 … stepsPerEpoch - 1. */
  readonly stepInEpoch: number;
  /** Updates of the whole run; where a task has a schedule of its own, it ends there. */
  readonly totalSteps: number;
  /** The root of the run. A task forks it by path, so that a resumed run draws what the first one would have drawn. */
  readonly random: Random;
  readonly communicator: Communicator;
}

/**
 * What a step found out. Everything in it is given away: the trainer disposes the tensors.
 *
 * With several ranks, the mean over the ranks of `loss`, `gradients` and `metrics` must be that of the whole batch.
 */
export interface StepResult {
  readonly loss: tf.Scalar;
  /** One per trained weight, by weight name, shaped like it. */
  readonly gradients: Record<string, tf.Tensor>;
  readonly metrics: Readonly<Record<string, tf.Scalar | number>>;
  /** Called once, after the update: moves running statistics, a momentum encoder, a queue. */
  readonly commit?: () => void;
  /** Called instead of `commit` where the update was not made: releases what `commit` would have used. */
  readonly discard?: () => void;
}

/** Something that can be trained: a model and what is asked of it. The trainer never learns what a batch is. */
export interface TrainingTask<Batch> {
  readonly name: string;
  /** The weights the optimizer updates. */
  readonly weights: readonly Weight[];
  /** All that a checkpoint must hold to go on: the trained weights and every other variable that steps change. */
  readonly state: readonly Weight[];
  /** Computes loss and gradients, and leaves every variable as it is: changes wait for `commit`. The batch is borrowed. */
  step(batch: Batch, context: StepContext): Promise<StepResult>;
}

/** Batches, epoch after epoch. */
export interface BatchSource<Batch> {
  /** Batches of every epoch; at least 1. */
  readonly stepsPerEpoch: number;
  /**
   * The batches of an epoch from `startStep` (0 … stepsPerEpoch - 1) on. The same arguments must give the same batches,
   * or a resumed run would not be the run that was interrupted. Iteration ends by `return()` as soon as enough was seen.
   */
  epoch(epoch: number, startStep: number): AsyncIterable<Batch>;
  /** Number of images in a batch, for the rate. @defaultValue the length of `batch.indices`, or 0 */
  sizeOf?(batch: Batch): number;
  /** Called when the trainer is done with a batch, whether the step failed or not: disposes tensors in it. */
  release?(batch: Batch): void;
}

/** The images in a batch, as its source counts them. */
export function batchSizeOf<Batch>(source: BatchSource<Batch>, batch: Batch): number {
  if (source.sizeOf !== undefined) return source.sizeOf(batch);
  const { indices } = (batch ?? {}) as { readonly indices?: { readonly length?: unknown } };
  return typeof indices?.length === "number" ? indices.length : 0;
}
