import type { Weight } from "@simclr/core";
import { variableGradients } from "@simclr/ops";
import type * as tf from "@tensorflow/tfjs-core";

export interface NamedGradients {
  readonly loss: tf.Scalar;
  /** By weight name. */
  readonly gradients: Record<string, tf.Tensor>;
}

/** `variableGradients` with gradients keyed by the weights' own names. The caller disposes everything returned. */
export function weightGradients(loss: () => tf.Scalar, weights: readonly Weight[]): NamedGradients {
  const names = new Map(weights.map(({ name, variable }) => [variable.name, name]));
  const { value, grads } = variableGradients(
    loss,
    weights.map(({ variable }) => variable),
  );
  const gradients = Object.fromEntries(Object.entries(grads).map(([key, gradient]) => [names.get(key)!, gradient]));
  return { loss: value, gradients };
}

/** The weights that gradients train: all but running statistics and what is frozen. */
export function trainable(weights: readonly Weight[]): readonly Weight[] {
  return weights.filter(({ role, variable }) => role !== "statistic" && variable.trainable);
}
