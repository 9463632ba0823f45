import type { Augmentation } from "@simclr/augment";
import type { Weight } from "@simclr/core";
import type { BatchStatistics } from "@simclr/models";
import type { StepResult } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import type { BuiltMethod, Encoded, MethodStep } from "./define-method.js";
import { projectionDeviation } from "./projection-deviation.js";

/** What a step needs, whichever way it is made. */
export interface StepParts {
  readonly built: BuiltMethod;
  readonly views: readonly (readonly Augmentation[])[];
  /** Trained by what `encode` does. */
  readonly encoderWeights: readonly Weight[];
  /** Trained by the loss alone. */
  readonly lossWeights: readonly Weight[];
  /** As `ForwardOptions` has it. */
  readonly statisticsParts: number | undefined;
}

/** The result of a step that keeps `targets` until it is made or given up. */
export function stepResult(
  plan: MethodStep,
  loss: tf.Scalar,
  gradients: Record<string, tf.Tensor>,
  metrics: Record<string, tf.Scalar>,
  targets: readonly tf.Tensor2D[],
  statistics: BatchStatistics,
  applyStatistics: () => void,
): StepResult {
  return {
    loss,
    gradients,
    metrics,
    commit() {
      applyStatistics();
      plan.commit?.(targets);
      tf.dispose([...targets]);
    },
    discard() {
      statistics.dispose();
      tf.dispose([...targets]);
    },
  };
}

export const withRows = ({ projections, rows = projections }: Encoded): Required<Encoded> => ({ projections, rows });

/** Gives the rows of all ranks for this rank's own, with their gradient. */
export type ShareRows = (rows: tf.Tensor2D) => tf.Tensor2D;

/** The rows of all ranks; each is gathered once. */
export function sharedRows({ projections, rows }: Encoded, share: ShareRows): Required<Encoded> {
  const all = projections.map(share);
  return withRows({ projections: all, ...(rows && rows !== projections && { rows: rows.map(share) }) });
}

/** The metrics of a step; kept, so that they outlive a tape. */
export function measure(
  plan: MethodStep,
  encoded: Required<Encoded>,
  targets: readonly tf.Tensor2D[],
): Record<string, tf.Scalar> {
  return tf.tidy(() => {
    const named = {
      projectionDeviation: projectionDeviation(encoded.projections[0]!),
      ...plan.metrics?.(encoded, targets),
    };
    return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, tf.keep(value)]));
  });
}
