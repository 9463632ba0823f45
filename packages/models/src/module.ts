import type { Random, Weight } from "@simclr/core";
import type * as tf from "@tensorflow/tfjs-core";
import type { BatchStatistics } from "./batch-statistics.js";

/** What a batch norm measures of a batch. */
export interface Moments {
  /** float32 `[C]`. */
  readonly mean: tf.Tensor1D;
  /** Biased (1/M), float32 `[C]`. */
  readonly variance: tf.Tensor1D;
  /** M: over how many numbers of each channel. */
  readonly count: number;
}

/**
 * Gives the moments over all ranks for those of this rank. Must be differentiable, since gradients flow through the
 * moments, and so cannot await: it needs a communicator that can reduce without returning to the event loop. Every rank
 * must call it equally often and in the same order, in a recomputation too.
 */
export type SynchroniseMoments = (own: Moments) => Pick<Moments, "mean" | "variance">;

/** How a model runs. */
export interface ForwardOptions {
  /** Normalise with the statistics of this batch (true) or with the running ones (false). */
  readonly training: boolean;
  /** Collects this batch's statistics; without it, or if `training` is false, the running ones do not move. */
  readonly statistics?: BatchStatistics | undefined;
  /**
   * The rows are so many parts of equal size, one after the other, and each is normalised with its own statistics, as if
   * it were passed alone: 2 keeps the two views of a SimCLR batch apart. @defaultValue 1, as in the reference
   */
  readonly statisticsParts?: number | undefined;
  /** In training, normalise with the running statistics all the same, and do not move them. @defaultValue false */
  readonly useRunningStatistics?: boolean | undefined;
  /** Normalise with the statistics of all ranks. @defaultValue each rank with its own */
  readonly synchronise?: SynchroniseMoments | undefined;
  /** Where random layers (DropBlock) draw from in training; another one for every step. */
  readonly random?: Random | undefined;
}

/** A part of a model that owns weights. */
export interface Module {
  /** Every weight, running statistics included, in the order in which the layers were made. */
  readonly weights: readonly Weight[];
  /** Disposes the weights' variables; the module cannot be used afterwards. */
  dispose(): void;
}
