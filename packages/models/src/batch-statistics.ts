import type { Weight } from "@simclr/core";
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

  /** Sets every running value to `momentum * running + (1 - momentum) * batch`, and forgets the batch. */
  apply(): void {
    tf.tidy(() => {
      for (const { weight, batch, momentum } of this.#updates) {
        const { variable } = weight;
        variable.assign(tf.add(tf.mul(variable, momentum), tf.mul(batch, 1 - momentum)));
      }
    });
    this.dispose();
  }

  /** Drops what was recorded; the object can be used again. */
  dispose(): void {
    tf.dispose(this.#updates.map(({ batch }) => batch));
    this.#updates = [];
  }
}
