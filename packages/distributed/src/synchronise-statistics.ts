import type { Communicator } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { blockingOf } from "./gather-rows.js";

/** Mean and biased variance of each channel, float32 `[C]`, over `count` rows. */
interface Moments {
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
  readonly count: number;
}

/** `SynchroniseStatistics` of @simclr/ops. */
export interface StatisticsOfRanks {
  /** The moments of all ranks' rows; new tensors. */
  moments(own: Moments): Moments;
  /** The sum over the ranks; a new tensor. */
  sum(own: tf.Tensor1D): tf.Tensor1D;
}

/**
 * Synchronised batch norm: the option `synchronise` of the networks' forward pass. Two small all-reduces forward and one
 * backward for each layer; parameter gradients stay each rank's own, to be averaged with all others.
 *
 * mean = Σ n m / M and variance = Σ n (v + (m - mean)²) / M over the ranks' counts n, means m and variances v, with
 * M = Σ n: no difference of large squares.
 *
 * @throws InvalidArgumentError if the communicator cannot block.
 */
export function synchroniseStatistics(communicator: Communicator): StatisticsOfRanks {
  const blocking = blockingOf(communicator, "synchroniseStatistics");
  return {
    moments({ mean, variance, count }) {
      const channels = mean.size;
      const [m, v] = [mean.dataSync<"float32">(), variance.dataSync<"float32">()];
      const sums = new Float32Array(channels + 1);
      for (let c = 0; c < channels; c++) sums[c] = count * m[c]!;
      sums[channels] = count;
      blocking.allReduce(sums, "sum");
      const total = sums[channels]!;
      const means = sums.subarray(0, channels).map((sum) => sum / total);
      const spread = v.map((own, c) => (count / total) * (own + (m[c]! - means[c]!) ** 2));
      blocking.allReduce(spread, "sum");
      return { mean: tf.tensor1d(means), variance: tf.tensor1d(spread), count: total };
    },
    sum(own) {
      const values = own.dataSync<"float32">().slice();
      blocking.allReduce(values, "sum");
      return tf.tensor1d(values);
    },
  };
}
