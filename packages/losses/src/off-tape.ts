import * as tf from "@tensorflow/tfjs-core";

/**
 * Runs `f` where the engine records nothing: its result is a constant to every gradient, and what it made on the way
 * is freed at once rather than kept for a backward pass.
 */
export function offTape<T extends tf.Tensor>(f: () => T): T {
  return tf.customGrad(() => ({ value: f(), gradFunc: () => [] }))() as T;
}
