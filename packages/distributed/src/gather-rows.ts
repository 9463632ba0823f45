import { type BlockingCollectives, type Communicator, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/** @throws InvalidArgumentError if the communicator cannot block. */
export function blockingOf(communicator: Communicator, what: string): BlockingCollectives {
  if (communicator.blocking) return communicator.blocking;
  throw new InvalidArgumentError(
    `${what}: the communicator must have blocking collectives, since a gradient cannot wait; received one without. Use \`connect()\`; \`meetingRanks\` of the tests has none.`,
    { subject: "communicator", expected: "blocking collectives", received: "none" },
  );
}

/**
 * The rows of all ranks, in rank order, with their true gradient: what flows back to a row is summed over all ranks, since each of
 * them used it. Collective, forward and backward.
 *
 * For losses whose ranks' values are averaged (as `train` averages gradients): with the loss of one rank being the mean
 * over its own anchors, the mean of all ranks' gradients is the gradient of the mean over all anchors.
 *
 * @param rows - float32 `[n, d]`, the same shape on every rank. Not disposed.
 * @returns float32 `[size * n, d]`; the caller disposes it.
 * @throws InvalidArgumentError if the communicator cannot block.
 */
export function gatherRows(rows: tf.Tensor2D, communicator: Communicator): tf.Tensor2D {
  const blocking = blockingOf(communicator, "gatherRows");
  const [count, width] = rows.shape;
  const gather = tf.customGrad((x) => ({
    value: tf.tensor2d(blocking.allGather((x as tf.Tensor).dataSync<"float32">()), [count * communicator.size, width]),
    gradFunc: (dy: tf.Tensor) => tf.tensor2d(blocking.reduceScatter(dy.dataSync<"float32">(), "sum"), [count, width]),
  }));
  return gather(rows) as tf.Tensor2D;
}
