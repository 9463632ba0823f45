import type { Weight } from "@simclr/core";
import type * as tf from "@tensorflow/tfjs-core";

/** A value that an optimizer keeps for one weight from step to step, such as its velocity. */
export interface OptimizerSlot {
  /** `<weight name>/<slot>`, for example `encoder/group1/block0/conv1/kernel/momentum`. */
  readonly name: string;
  /** Owned by the optimizer: do not dispose it. */
  readonly variable: tf.Variable;
}

/** The saved value of a slot. */
export interface SlotValue {
  readonly shape: readonly number[];
  /** Row-major, as many numbers as `shape` has elements. Copied, never kept. */
  readonly data: Float32Array;
}

/** Updates weights by their gradients. It owns its slots and never owns a weight. */
export interface Optimizer {
  /** For people and checkpoints: `lars`, `momentum-sgd`. */
  readonly name: string;
  /**
   * Takes one step: assigns new values to the variables of all weights that have a gradient. Nothing changes if it throws.
   *
   * @param weights - The weights of the model; those without a gradient stay as they are. Names must be unique.
   * @param gradients - Gradients by weight name, each of its weight's shape; `null` counts as absent, as
   * `tf.variableGrads` gives it for what cannot be trained. Not disposed.
   * @param learningRate - >= 0.
   * @throws InvalidArgumentError for a gradient of an unknown weight, of a running statistic, or of another shape.
   */
  apply(weights: readonly Weight[], gradients: Readonly<Record<string, tf.Tensor | null>>, learningRate: number): void;
  /** All slots made so far, in the order in which they were made. */
  slots(): readonly OptimizerSlot[];
  /**
   * Replaces all slots by saved values, given by slot name.
   *
   * @throws InvalidArgumentError for a name that is no slot of this optimizer, or values that do not fill their shape.
   */
  restoreSlots(values: Readonly<Record<string, SlotValue>>): void;
  /** Frees the slots; the optimizer cannot be used afterwards. */
  dispose(): void;
}
