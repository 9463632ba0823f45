import type { Weight } from "@simclr/core";
import type { BatchStatistics } from "./batch-statistics.js";

/** How a model runs. */
export interface ForwardOptions {
  /** Normalise with the statistics of this batch (true) or with the running ones (false). */
  readonly training: boolean;
  /** Collects this batch's statistics; without it, or if `training` is false, the running ones do not move. */
  readonly statistics?: BatchStatistics | undefined;
}

/** A part of a model that owns weights. */
export interface Module {
  /** Every weight, running statistics included, in the order in which the layers were made. */
  readonly weights: readonly Weight[];
  /** Disposes the weights' variables; the module cannot be used afterwards. */
  dispose(): void;
}
