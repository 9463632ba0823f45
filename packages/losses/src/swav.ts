import { checkPositive, checkSameShape, checkShape } from "@simclr/core";
import { l2Normalize, weightedCrossEntropy } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { checkRows, checkViews } from "./check-views.js";
import { type SinkhornOptions, sinkhorn } from "./sinkhorn.js";

export interface SwavOptions extends SinkhornOptions {
  /** Softmax temperature τ of the predictions, > 0, unitless. @defaultValue 0.1 */
  readonly temperature?: number;
  /**
   * Projections of further, smaller views of the same images, float32 `[N, D]` each: they predict the codes of both
   * views, and have none of their own (multi-crop). Not disposed. @defaultValue none
   */
  readonly smallViews?: readonly tf.Tensor2D[];
}

/**
 * The loss of SwAV: predicts one view's cluster assignment, its code, from the other view. Codes come from
 * `sinkhorn`, which shares the prototypes out evenly, so that not all images fall into one cluster.
 *
 * @param z1 - Projections of the first views, float32 `[N, D]`, N >= 2; normalised here. Not disposed.
 * @param z2 - Projections of the second views, float32 `[N, D]`. Not disposed.
 * @param prototypes - One direction for each cluster, float32 `[K, D]`, K >= 2, trained with the network; normalised
 * here. Not disposed.
 * @returns Mean over the two codes of the mean over the views that predict them, in nats, >= 0 (its least value is the
 * codes' entropy); float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes do not fit or an option is out of range.
 * @remarks The mean of the two directions, as in the official code; Eq. 1 adds them. Codes are constants. With fewer
 * rows than prototypes the even split means little: the official code then adds rows of earlier batches. With several
 * ranks, codes of this rank's rows alone are made.
 * @see Caron et al. 2020, arXiv:2006.09882, Eq. 1 and 2
 */
export function swav(z1: tf.Tensor2D, z2: tf.Tensor2D, prototypes: tf.Tensor2D, options: SwavOptions = {}): tf.Scalar {
  const { temperature = 0.1, smallViews = [], ...sinkhornOptions } = options;
  checkViews("swav", z1, z2, "An even assignment needs several images; use a larger batch.");
  checkShape("swav", { prototypes }, [null, z1.shape[1]], "Prototypes are directions in the space of projections.");
  checkRows("swav", { prototypes }, 2, "One cluster holds everything; use more prototypes.");
  checkPositive("swav", { temperature });
  for (const small of smallViews) checkSameShape("swav", { z1, small }, "Pass small views of the same images.");
  const rows = z1.shape[0];
  return tf.tidy(() => {
    const directions = l2Normalize(prototypes); // [K, D]
    const score = (z: tf.Tensor2D): tf.Tensor2D => tf.matMul(l2Normalize(z), directions, false, true); // [N, K]
    const scores = [z1, z2, ...smallViews].map(score);
    const codes = [0, 1].map((view) => sinkhorn(scores[view]!, sinkhornOptions)); // 2 x [N, K]
    const predictions = scores.map((view) => tf.div(view, temperature) as tf.Tensor2D); // [N, K] each
    const terms = codes.flatMap((code, coded) =>
      predictions.flatMap((view, v) => (v === coded ? [] : [{ code, view }])),
    );
    const weights = tf.fill([rows, 1], 1 / (terms.length * rows)) as tf.Tensor2D; // [N, 1]
    return tf.addN(terms.map(({ code, view }) => weightedCrossEntropy(view, code, weights))) as tf.Scalar; // []
  });
}
