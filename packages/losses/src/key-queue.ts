import { checkInteger, checkShape, InvalidArgumentError, type Random } from "@simclr/core";
import { l2Normalize } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";

/**
 * A queue for `momentumContrast` before any step: random directions, as in the official code.
 *
 * @param size - Number of keys K, an integer >= 1; MoCo and SimCLRv2 use 65,536.
 * @param dimension - Width D of a projection, an integer >= 1.
 * @returns float32 `[K, D]`, rows of length 1. The caller disposes it.
 * @throws InvalidArgumentError if a size is not an integer >= 1.
 */
export function initialKeyQueue(size: number, dimension: number, random: Random): tf.Tensor2D {
  checkInteger("initialKeyQueue", { size }, 1);
  checkInteger("initialKeyQueue", { dimension }, 1);
  const values = Float32Array.from({ length: size * dimension }, () => random.normal());
  return tf.tidy(() => l2Normalize(tf.tensor2d(values, [size, dimension])));
}

/**
 * The queue after a step: the newest keys at its end, as many of the oldest gone from its start.
 *
 * @param queue - float32 `[K, D]`. Not disposed: dispose it once the result has taken its place.
 * @param keys - The keys of this step, float32 `[N, D]`, N <= K; normalised here. Not disposed.
 * @returns float32 `[K, D]`, without a gradient. The caller disposes it.
 * @throws InvalidArgumentError if the widths differ or there are more keys than places.
 * @remarks Enqueue after the loss, so that a query never meets its own key twice. With several ranks, enqueue the
 * gathered keys of all of them.
 * @see He et al. 2019, arXiv:1911.05722, Algorithm 1
 */
export function enqueueKeys(queue: tf.Tensor2D, keys: tf.Tensor2D): tf.Tensor2D {
  checkShape("enqueueKeys", { queue }, [null, null]);
  const [size, dimension] = queue.shape;
  checkShape("enqueueKeys", { keys }, [null, dimension], "Keys and queue share one space.");
  const count = keys.shape[0];
  if (count > size)
    throw new InvalidArgumentError(
      `enqueueKeys: \`keys\` must have at most ${size} rows, the size of \`queue\`; received ${count}. Make the queue larger ` +
        "than a batch.",
      { subject: "keys", expected: `at most ${size} rows`, received: String(count) },
    );
  return tf.tidy(() => tf.concat2d([tf.slice2d(queue, [count, 0], [size - count, -1]), l2Normalize(keys)], 0));
}
