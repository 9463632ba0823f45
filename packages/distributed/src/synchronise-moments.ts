import type { Communicator } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { blockingOf } from "./gather-rows.js";

/** Mean and biased variance of each channel over `count` rows. */
export interface Moments {
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
  readonly count: number;
}

/**
 * Makes the moments of all ranks' rows from those of each rank's own, with their gradient: synchronised batch norm. Two
 * small all-reduces forward and one backward for each layer; parameter gradients stay each rank's own, to be averaged
 * with all others.
 *
 * mean = Σ n m / M and variance = Σ n (v + (m - mean)²) / M over the ranks' counts n, means m and variances v, with
 * M = Σ n: no difference of large squares.
 *
 * @returns a function of the rank's own moments, as the option `synchronise` of the networks' forward pass takes it. Its
 * results are new tensors; arguments are not disposed.
 * @throws InvalidArgumentError if the communicator cannot block.
 */
export function synchroniseMoments(communicator: Communicator): (own: Moments) => Omit<Moments, "count"> {
  const blocking = blockingOf(communicator, "synchroniseMoments");
  return ({ mean, variance, count }) => {
    const channels = mean.size;
    const run = tf.customGrad((...args) => {
      const [m, v] = [args[0], args[1]].map((each) => (each as tf.Tensor).dataSync<"float32">());
      const sums = new Float32Array(channels + 1);
      for (let c = 0; c < channels; c++) sums[c] = count * m![c]!;
      sums[channels] = count;
      blocking.allReduce(sums, "sum");
      const total = sums[channels]!;
      const moments = new Float32Array(2 * channels);
      const spread = moments.subarray(channels);
      for (let c = 0; c < channels; c++) {
        moments[c] = sums[c]! / total;
        spread[c] = (count / total) * (v![c]! + (m![c]! - moments[c]!) ** 2);
      }
      blocking.allReduce(spread, "sum");
      const offset = m!.map((value, c) => value - moments[c]!);
      return {
        value: tf.tensor2d(moments, [2, channels]),
        gradFunc: (dy: tf.Tensor) => {
          const gradients = dy.dataSync<"float32">().slice();
          blocking.allReduce(gradients, "sum");
          const share = count / total;
          const dMean = new Float32Array(channels);
          const dVariance = new Float32Array(channels);
          for (let c = 0; c < channels; c++) {
            dVariance[c] = share * gradients[channels + c]!;
            dMean[c] = share * gradients[c]! + 2 * offset[c]! * dVariance[c]!;
          }
          return [tf.tensor1d(dMean), tf.tensor1d(dVariance)];
        },
      };
    });
    return tf.tidy(() => {
      const [all, allVariance] = tf.unstack(run(mean, variance)) as [tf.Tensor1D, tf.Tensor1D];
      return { mean: all, variance: allVariance };
    });
  };
}
