import { type Communicator, checkChoice, checkPositive, InvalidArgumentError, singleProcess } from "@simclr/core";
import { l2Normalize, type SimilarityRows, similarityLogSums } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { checkViews } from "./check-views.js";
import { type ContrastMetrics, contrastRows } from "./contrast-metrics.js";
import { anchorGradient, meanPositive, NEEDS_NEGATIVES, type NtXentLossOptions } from "./nt-xent.js";
import { rowsPerBlock } from "./row-blocks.js";

export interface NtXentOptions extends NtXentLossOptions {
  /** The ranks that share the batch; all of them must call, with as many rows each. @defaultValue a single process */
  readonly communicator?: Communicator;
}

export interface NtXent extends ContrastMetrics {
  /** The mean over the anchors of all ranks, the same on every rank, as `ntXentLoss` of the whole batch gives it. */
  readonly loss: tf.Scalar;
}

export interface NtXentWithGradients extends NtXent {
  /** With respect to `z1` and to `z2`, float32 `[N, D]` each, ready to be averaged over ranks. */
  readonly gradients: readonly [tf.Tensor2D, tf.Tensor2D];
}

/**
 * NT-Xent and its two metrics over the batch that all ranks share: negatives come from every rank.
 *
 * @param z1 - This rank's projections of the first views, float32 `[N, D]`, N >= 2 where there is one rank, else >= 1.
 * Borrowed until the promise settles.
 * @param z2 - This rank's projections of the second views, float32 `[N, D]`. Borrowed likewise.
 * @returns Three scalars, the same on every rank; the caller disposes them. They have no gradient: `tf.variableGrads`
 * cannot wait for a promise. On one rank train with `ntXentLoss`, on several with `ntXentWithGradients`.
 * @throws InvalidArgumentError as `ntXentLoss`, and if the ranks have unequal numbers of rows.
 */
export async function ntXent(z1: tf.Tensor2D, z2: tf.Tensor2D, options: NtXentOptions = {}): Promise<NtXent> {
  const shared = await shareBatch("ntXent", z1, z2, options);
  shared.dispose();
  return shared.values;
}

/**
 * `ntXent` with the gradient of the loss, which flows through the gathered rows: the losses of other ranks reach the
 * projections that they used as negatives.
 *
 * The ranks talk between the forward and the backward pass, which `tf.variableGrads` runs as one. So encode twice, as
 * gradient caching does: once for `z1` and `z2`, once under `tf.variableGrads`, for a scalar with the same gradient.
 *
 * @example
 * const { loss, gradients } = await ntXentWithGradients(z1, z2, { communicator });
 * const { grads } = tf.variableGrads(() => {
 *   const [a, b] = encodeBothViews(); // the same weights and images
 *   return tf.add(tf.sum(tf.mul(a, gradients[0])), tf.sum(tf.mul(b, gradients[1])));
 * }, weights);
 * // Then average `grads` over the ranks.
 *
 * @param z1 - As for `ntXent`.
 * @param z2 - As for `ntXent`.
 * @returns Three scalars and two gradients; the caller disposes them. A gradient is that of the whole batch's loss times
 * the number of ranks, so that the mean over ranks of what back-propagates from it is the gradient of the whole batch.
 * @throws InvalidArgumentError as `ntXent`.
 * @remarks The second pass may go in slices: rows of `gradients` belong to rows of `z1` and `z2`, so a batch too large
 * for the memory of the backward pass is trained exactly, with all its negatives, one slice after another.
 * @see Gao et al. 2021, arXiv:2101.06983 (gradient caching)
 */
export async function ntXentWithGradients(
  z1: tf.Tensor2D,
  z2: tf.Tensor2D,
  options: NtXentOptions = {},
): Promise<NtXentWithGradients> {
  const shared = await shareBatch("ntXentWithGradients", z1, z2, options);
  const gradients = tf.tidy(() => {
    const z = tf.concat2d([z1, z2], 0); // [2n, D]
    const { rows, anchorLogSums, candidateLogSums, factor } = shared;
    const gradient = tf.mul(factor, anchorGradient(z, rows, anchorLogSums, candidateLogSums)); // [2n, D]
    return tf.split(gradient, 2, 0) as [tf.Tensor2D, tf.Tensor2D]; // 2 x [n, D]
  });
  shared.dispose();
  return { ...shared.values, gradients };
}

interface SharedBatch {
  readonly rows: SimilarityRows;
  readonly anchorLogSums: tf.Tensor2D;
  readonly candidateLogSums: tf.Tensor2D;
  readonly factor: number;
  readonly values: NtXent;
  /** Frees all but `values`. */
  dispose(): void;
}

/** Gathers the projections, then what each rank alone can sum over them: two collectives in all. */
async function shareBatch(
  where: string,
  z1: tf.Tensor2D,
  z2: tf.Tensor2D,
  options: NtXentOptions,
): Promise<SharedBatch> {
  const { communicator = singleProcess(), temperature = 0.1, scale = "paper" } = options;
  const { rank, size } = communicator;
  checkViews(where, z1, z2, NEEDS_NEGATIVES, size > 1 ? 1 : 2);
  checkPositive(where, { temperature });
  checkChoice(where, { scale }, ["paper", "reference"]);
  const factor = scale === "reference" ? 2 : 1;
  const [images, dimension] = z1.shape;
  const blockSize = rowsPerBlock(where, 2 * images * size, options.blockSize);
  const made: tf.Tensor[] = [];
  try {
    const anchors = tf.tidy(() => l2Normalize(tf.concat2d([z1, z2], 0))); // [2n, D]
    made.push(anchors);
    // Each rank's first views, then its second ones, in rank order.
    const candidates = await gather(where, anchors, communicator); // [2N, D]
    made.push(candidates);
    const rows = { anchors, candidates, offset: 2 * images * rank, temperature, blockSize };
    const anchorLogSums = tf.tidy(() => similarityLogSums(rows)); // [2n, 1]
    made.push(anchorLogSums);
    const perRow = tf.tidy(() => {
      const [, second] = tf.unstack(tf.reshape(candidates, [size, 2, images, dimension]), 1);
      const seconds = tf.reshape(second!, [size * images, dimension]) as tf.Tensor2D; // [N, D]
      const first = tf.slice2d(anchors, [0, 0], [images, -1]); // [n, D]
      const contrast = contrastRows(first, seconds, images * rank, temperature); // [n, 2]
      const positive = tf.tile(tf.reshape(meanPositive(anchors, temperature), [1, 1]), [2 * images, 1]); // [2n, 1]
      // Both views' rows carry the metrics of their image, so that means over rows are means over images.
      return tf.concat([anchorLogSums, positive, tf.tile(contrast, [2, 1])], 1) as tf.Tensor2D; // [2n, 4]
    });
    made.push(perRow);
    const all = await gather(where, perRow, communicator); // [2N, 4]
    made.push(all);
    const candidateLogSums = tf.slice2d(all, [0, 0], [-1, 1]); // [2N, 1]
    made.push(candidateLogSums);
    const [loss, contrastAccuracy, contrastEntropy] = tf.tidy((): [tf.Scalar, tf.Scalar, tf.Scalar] => {
      const [logSum, positive, accuracy, entropy] = tf.unstack(tf.mean(all, 0)) as tf.Scalar[];
      return [tf.mul(factor, tf.sub(logSum!, positive!)), accuracy!, entropy!];
    });
    const values = { loss, contrastAccuracy, contrastEntropy };
    return { rows, anchorLogSums, candidateLogSums, factor, values, dispose: () => tf.dispose(made) };
  } catch (error) {
    tf.dispose(made);
    throw error;
  }
}

/** The rows of all ranks, in rank order, `[R * rows, columns]`; the caller disposes them. */
async function gather(where: string, rows: tf.Tensor2D, communicator: Communicator): Promise<tf.Tensor2D> {
  const { size } = communicator;
  if (size === 1) return tf.clone(rows);
  const own = (await rows.data()) as Float32Array;
  const all = await communicator.allGather(own);
  if (all.length === size * own.length) return tf.tensor2d(all, [size * rows.shape[0], rows.shape[1]]);
  throw new InvalidArgumentError(
    `${where}: all ${size} ranks must pass equally many rows and columns; received ${all.length} numbers for ${size} times ` +
      `${own.length}. Drop the last, smaller batch of an epoch.`,
    { subject: "communicator", expected: `${size * own.length} numbers`, received: String(all.length) },
  );
}
