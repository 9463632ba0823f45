import { checkChoice, checkInRange, checkShape } from "@simclr/core";
import { l2Normalize } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { checkRows } from "./check-views.js";
import { offTape } from "./off-tape.js";
import { type LabelPairs, labelPairs } from "./same-label.js";

/** Farther than any two rows of length 1, whose squared distance is at most 4. */
const FAR = 16;

/** Elements of the largest block of triplets: 16 MiB of float32. */
const MAX_BLOCK_ELEMENTS = 2 ** 22;

/** Which triplets count. */
export type TripletMining = "all" | "hard" | "semi-hard";

export interface TripletOptions {
  /** Margin α between squared distances, >= 0; rows have length 1, so distances lie in [0, 4]. @defaultValue 0.2 */
  readonly margin?: number;
  /**
   * `all`: every (anchor, positive, negative). `hard`: of each anchor, the farthest positive and the nearest negative.
   * `semi-hard`: of each (anchor, positive), the nearest of the negatives that are farther than the positive, or the
   * farthest negative where none is.
   *
   * @defaultValue "semi-hard"
   */
  readonly mining?: TripletMining;
}

/**
 * Triplet loss of FaceNet: the mean over the triplets that count of max(0, d(a, p) - d(a, n) + α), with d the squared
 * distance of rows of length 1. A triplet that meets its margin counts, with 0.
 *
 * @param z - Embeddings, float32 `[M, D]`, M >= 3, in any order; normalised here. Not disposed.
 * @param labels - Class index of each row, int32 `[M]`; a row of class -1 has no positives and is a negative of all
 * others. For two views of each image without classes, pass the image's index. A constant. Not disposed.
 * @returns The loss, in [0, 4 + α], and 0 where there is no triplet; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes do not fit or an option is out of range.
 * @remarks Eq. 3 of the paper adds up; this is the mean, so that it does not grow with the batch. Mining is a constant
 * choice: no gradient passes it. Time is of the order of M³ unless mining is `hard`; memory is bounded, as the triplets
 * are made block by block.
 * @see Schroff et al. 2015, arXiv:1503.03832, Eq. 3 and 4; Hermans et al. 2017, arXiv:1703.07737 (`hard`)
 */
export function triplet(z: tf.Tensor2D, labels: tf.Tensor1D, options: TripletOptions = {}): tf.Scalar {
  const { margin = 0.2, mining = "semi-hard" } = options;
  checkShape("triplet", { z }, [null, null]);
  checkRows("triplet", { z }, 3, "A triplet is an anchor, a positive and a negative; use a larger batch.");
  checkShape("triplet", { labels }, [z.shape[0]], "Give every row of `z` one class index.");
  checkInRange("triplet", { margin }, 0, Number.MAX_VALUE);
  checkChoice("triplet", { mining }, ["all", "hard", "semi-hard"]);
  return tf.tidy(() => {
    const unit = l2Normalize(z); // [M, D]
    const distance = tf.sub(2, tf.mul(2, tf.matMul(unit, unit, false, true))); // [M, M], squared
    // The loss is linear in the distances once its triplets are chosen: dL/dd of each pair, and the margins that count.
    const slopes = offTape(() => tripletSlopes(distance as tf.Tensor2D, labelPairs(labels), margin, mining)); // [M, M + 1]
    const [pairs, margins] = tf.split(slopes, [z.shape[0], 1], 1) as [tf.Tensor2D, tf.Tensor2D]; // [M, M] and [M, 1]
    return tf.add<tf.Scalar>(tf.sum(tf.mul(pairs, distance)), tf.mul(margin, tf.sum(margins))); // []
  });
}

/** Weight of every distance in the loss, `[M, M]`, and of the margin for every anchor, `[M, 1]`, side by side. */
function tripletSlopes(
  distance: tf.Tensor2D,
  { positive, negative }: LabelPairs,
  margin: number,
  mining: TripletMining,
): tf.Tensor2D {
  const rows = distance.shape[0];
  // A hard anchor needs a row of distances, another one a row for each of its positives.
  const count = Math.max(1, Math.floor(MAX_BLOCK_ELEMENTS / (mining === "hard" ? rows : rows * rows)));
  const blocks: tf.Tensor2D[] = [];
  for (let start = 0; start < rows; start += count) {
    const size = Math.min(count, rows - start);
    blocks.push(
      tf.tidy(() => {
        const [d, p, n] = [distance, positive, negative].map((x) => tf.slice2d(x, [start, 0], [size, -1]));
        const anchors = { distance: d!, positive: p!, negative: n! };
        return mining === "hard" ? hardest(anchors, margin) : perPositive(anchors, margin, mining === "all");
      }),
    );
  }
  const sums = tf.concat2d(blocks, 0); // [M, M + 2]
  const [slopes, counted] = tf.split(sums, [rows + 1, 1], 1) as [tf.Tensor2D, tf.Tensor2D];
  return tf.divNoNan(slopes, tf.sum(counted)); // [M, M + 1]
}

/** Some rows of the matrices of distances and of pairs, `[B, M]` each. */
interface Anchors extends LabelPairs {
  readonly distance: tf.Tensor2D;
}

/** Slopes, active triplets and triplets of each anchor with its hardest pair, `[B, M + 2]`. */
function hardest({ distance, positive, negative }: Anchors, margin: number): tf.Tensor2D {
  const rows = distance.shape[1];
  const oneHot = (index: tf.Tensor): tf.Tensor => tf.oneHot(index as tf.Tensor1D, rows, 1, 0, "float32"); // [B, M]
  const farthest = oneHot(tf.argMax(tf.sub(distance, tf.mul(FAR, tf.sub(1, positive))), 1));
  const nearest = oneHot(tf.argMin(tf.add(distance, tf.mul(FAR, tf.sub(1, negative))), 1));
  const counts = tf.mul(tf.max(positive, 1, true), tf.max(negative, 1, true)); // [B, 1]
  const gap = tf.sum(tf.mul(distance, tf.sub(farthest, nearest)), 1, true); // [B, 1]
  const active = tf.mul(counts, tf.cast(tf.greater(tf.add(gap, margin), 0), "float32")); // [B, 1]
  return tf.concat([tf.mul(active, tf.sub(farthest, nearest)), active, counts], 1) as tf.Tensor2D;
}

/** The same of each anchor with all its positives, and all or its semi-hard negatives, `[B, M + 2]`. */
function perPositive({ distance, positive, negative }: Anchors, margin: number, all: boolean): tf.Tensor2D {
  const [anchors, rows] = distance.shape;
  const toPositive = tf.reshape(distance, [anchors, rows, 1]); // [B, M, 1]
  const toNegative = tf.reshape(distance, [anchors, 1, rows]); // [B, 1, M]
  const pairs = tf.reshape(positive, [anchors, rows, 1]); // [B, M, 1]
  const candidates = tf.reshape(negative, [anchors, 1, rows]); // [B, 1, M]
  const counts = tf.mul(pairs, all ? candidates : semiHard(toPositive, toNegative, candidates)); // [B, M, M]
  const violated = tf.cast(tf.greater(tf.add(tf.sub(toPositive, toNegative), margin), 0), "float32"); // [B, M, M]
  const active = tf.mul(counts, violated); // [B, M, M]
  const pulled = tf.sum(active, 2); // [B, M]
  const slopes = tf.sub(pulled, tf.sum(active, 1)); // [B, M]
  const total = (x: tf.Tensor): tf.Tensor => tf.reshape(tf.sum(x, [1, 2]), [anchors, 1]); // [B, 1]
  return tf.concat([slopes, total(active), total(counts)], 1) as tf.Tensor2D;
}

/** 1 at the negative of each (anchor, positive), `[B, M, M]`, and 0 everywhere where an anchor has no negative. */
function semiHard(toPositive: tf.Tensor, toNegative: tf.Tensor, candidates: tf.Tensor): tf.Tensor {
  const [anchors, , rows] = candidates.shape as [number, number, number];
  const farther = tf.mul(tf.cast(tf.greater(toNegative, toPositive), "float32"), candidates); // [B, M, M]
  const nearest = tf.argMin(tf.add(toNegative, tf.mul(FAR, tf.sub(1, farther))), 2); // [B, M]
  const farthest = tf.argMax(tf.sub(toNegative, tf.mul(FAR, tf.sub(1, candidates))), 2); // [B, 1]
  const found = tf.greater(tf.max(farther, 2), 0); // [B, M]
  const chosen = tf.where(found, nearest, tf.tile(farthest, [1, rows])); // [B, M]
  const oneHot = tf.oneHot(tf.reshape(chosen, [anchors * rows]) as tf.Tensor1D, rows, 1, 0, "float32");
  return tf.mul(tf.reshape(oneHot, [anchors, rows, rows]), tf.max(candidates, 2, true)); // [B, M, M]
}
