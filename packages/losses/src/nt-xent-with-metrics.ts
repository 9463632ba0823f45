import { type Communicator, InvalidArgumentError } from "@simclr/core";
import type * as tf from "@tensorflow/tfjs-core";
import { type ContrastMetrics, contrastMetrics } from "./contrast-metrics.js";
import { type NtXentLossOptions, ntXentLoss } from "./nt-xent.js";

export interface NtXentOptions extends NtXentLossOptions {
  /** The ranks that share the batch; only one rank is supported. @defaultValue a single process */
  readonly communicator?: Communicator;
}

export interface NtXent extends ContrastMetrics {
  /** As `ntXentLoss` returns it. */
  readonly loss: tf.Scalar;
}

/**
 * NT-Xent and its two metrics in one call, for evaluation. To train, call `ntXentLoss` inside `tf.variableGrads`,
 * which cannot wait for a promise.
 *
 * @param z1 - Projections of the first views, float32 `[N, D]`, N >= 2. Not disposed.
 * @param z2 - Projections of the second views, float32 `[N, D]`. Not disposed.
 * @returns Three scalars; the caller disposes them.
 * @throws InvalidArgumentError as `ntXentLoss`, and if the communicator has more than one rank.
 */
export async function ntXent(z1: tf.Tensor2D, z2: tf.Tensor2D, options: NtXentOptions = {}): Promise<NtXent> {
  const { communicator, ...lossOptions } = options;
  if (communicator !== undefined && communicator.size > 1) {
    throw new InvalidArgumentError(
      `ntXent: \`communicator\` must have 1 rank; received ${communicator.size}. ` +
        "Negatives gathered over ranks are not supported by this version; run one process.",
      { subject: "communicator", expected: "1 rank", received: `${communicator.size} ranks` },
    );
  }
  const { temperature } = lossOptions;
  const loss = ntXentLoss(z1, z2, lossOptions);
  return { loss, ...contrastMetrics(z1, z2, temperature === undefined ? {} : { temperature }) };
}
