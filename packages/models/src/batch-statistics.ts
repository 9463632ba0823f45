import type { Communicator, Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

interface Update {
  readonly weight: Weight;
  readonly batch: tf.Tensor1D;
  readonly momentum: number;
}

/**
 * Collects what one forward pass measured for the running means and variances of batch norms.
 *
 * A forward pass must not change a model, or its gradient could not be taken twice; so the measurements wait here
 * until the step is known to be good: `apply()` after the optimizer, `dispose()` to drop them.
 *
 * @example
 * const statistics = new BatchStatistics();
 * const { value, grads } = tf.variableGrads(() => loss(network.forward(images, { training: true, statistics })));
 * optimizer.applyGradients(grads);
 * statistics.apply();
 */
export class BatchStatistics {
  /** Means and variances in turn. */
  #updates: Update[] = [];

  /**
   * Remembers one batch norm's statistics; called by layers.
   *
   * @param meanWeight - Running mean, float32 `[C]`.
   * @param varianceWeight - Running biased variance, float32 `[C]`.
   * @param mean - Of this batch, float32 `[C]`. Kept until `apply` or `dispose`, which disposes it.
   * @param variance - Biased (1/M), of this batch, float32 `[C]`. Kept like `mean`.
   * @param momentum - Share of the old value that stays, in [0, 1].
   */
  record(meanWeight: Weight, varianceWeight: Weight, mean: tf.Tensor1D, variance: tf.Tensor1D, momentum: number): void {
    this.#updates.push({ weight: meanWeight, batch: tf.keep(mean), momentum });
    this.#updates.push({ weight: varianceWeight, batch: tf.keep(variance), momentum });
  }

  /**
   * Replaces what this rank measured by what all ranks did, so that running statistics stay the same on all of them: the
   * mean of the means, and the mean of the variances plus the variance of the means. Ranks must have batches of one size.
   * Does nothing with one rank.
   *
   * @see the reference's batch norm across replicas
   */
  async synchronise(communicator: Communicator): Promise<void> {
    const updates = this.#updates;
    if (communicator.size === 1 || updates.length === 0) return;
    const values = await Promise.all(updates.map(({ batch }) => batch.data<"float32">()));
    const ownMeans = join(values.filter((_, i) => i % 2 === 0));
    const means = ownMeans.slice();
    await communicator.allReduce(means, "mean");
    const variances = join(values.filter((_, i) => i % 2 === 1)).map((v, i) => v + (ownMeans[i]! - means[i]!) ** 2);
    await communicator.allReduce(variances, "mean");
    let offset = 0;
    this.#updates = updates.map((update, i) => {
      const { size } = update.batch;
      const all = i % 2 === 0 ? means : variances;
      const batch = tf.keep(tf.tensor1d(all.slice(offset, offset + size), "float32"));
      if (i % 2 === 1) offset += size;
      return { ...update, batch };
    });
    tf.dispose(updates.map(({ batch }) => batch));
  }

  /** Sets every running value to `momentum * running + (1 - momentum) * batch`, and forgets the batch. */
  apply(): void {
    tf.tidy(() => move(this.#updates));
    this.dispose();
  }

  /**
   * As `apply`, for passes over parts of one batch: what several passes recorded for a weight counts as one batch with
   * their mean statistics, so that the running value moves once.
   */
  applyMean(): void {
    const parts = new Map<Weight, Update[]>();
    for (const update of this.#updates) parts.set(update.weight, [...(parts.get(update.weight) ?? []), update]);
    tf.tidy(() => {
      const means = [...parts.values()].map((updates) => ({
        ...updates[0]!,
        batch: tf.div<tf.Tensor1D>(tf.addN(updates.map(({ batch }) => batch)), updates.length), // [C]
      }));
      move(means);
    });
    this.dispose();
  }

  /** Drops what was recorded; the object can be used again. */
  dispose(): void {
    tf.dispose(this.#updates.map(({ batch }) => batch));
    this.#updates = [];
  }
}

/** Applies the updates in turn: many small ones in a few kernels, as far as none builds on another. */
function move(updates: readonly Update[]): void {
  for (let rest = updates; rest.length > 0; ) {
    const { momentum } = rest[0]!;
    const weights = new Set<Weight>();
    const together: Update[] = [];
    const later: Update[] = [];
    for (const update of rest) {
      (update.momentum === momentum && !weights.has(update.weight) ? together : later).push(update);
      weights.add(update.weight);
    }
    const running = tf.concat1d(together.map(({ weight }) => weight.variable as unknown as tf.Tensor1D));
    const batch = tf.concat1d(together.map(({ batch }) => batch));
    const moved = tf.add(tf.mul(running, momentum), tf.mul(batch, 1 - momentum));
    const sizes = together.map(({ batch }) => batch.size);
    for (const [i, value] of tf.split(moved, sizes).entries()) together[i]!.weight.variable.assign(value);
    rest = later;
  }
}

function join(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
