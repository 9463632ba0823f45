import type { Random, Weight } from "@simclr/core";
import type { SynchroniseStatistics } from "@simclr/ops";
import type { BatchStatistics } from "./batch-statistics.js";

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
  /**
   * Normalise with the statistics of all ranks. It cannot await, and so needs a communicator that reduces without returning
   * to the event loop; every rank must run the same layers in the same order, in a recomputation too.
   * @defaultValue each rank with its own
   */
  readonly synchronise?: SynchroniseStatistics | undefined;
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
