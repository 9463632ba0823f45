import * as tf from "@tensorflow/tfjs-core";

/** Whether the current backend has registered a native version of one of our kernels. */
export function hasNamedKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/**
 * Runs a named kernel of the current backend through the engine, so that it is recorded on the tape and its
 * registered gradient applies. Call it only where `hasNamedKernel(name)` holds.
 *
 * @returns The kernel's outputs, in order; the caller owns them.
 */
export function runNamedKernel(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: Record<string, unknown>,
): tf.Tensor[] {
  const outputs = tf.engine().runKernel(name, inputs as never, attributes as never) as tf.Tensor | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}
