import { checkChoice, checkPositive, checkSameShape, checkShape, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { inverseNorms, normalizeRowsGradient } from "./normalize-rows.js";

/** Added to the logits of self-pairs, so that their softmax weight is exactly 0 in float32. */
const MASKED_LOGIT = -1e9;

export interface NtXentLossOptions {
  /** Softmax temperature τ, > 0, unitless. @defaultValue 0.1 */
  readonly temperature?: number;
  /**
   * `paper`: the mean over all 2N anchors. `reference`: twice that, the value of the official code, which adds the
   * means of the two views.
   *
   * @defaultValue "paper"
   */
  readonly scale?: "paper" | "reference";
}

/**
 * NT-Xent, the contrastive loss of SimCLR: picks each view's partner out of the batch.
 *
 * Row `i` of `z1` and row `i` of `z2` are two views of image `i`; all other rows are negatives. Rows are
 * L2-normalized here, so pass raw projections.
 *
 * @param z1 - Projections of the first views, float32 `[N, D]`, N >= 2. Not disposed.
 * @param z2 - Projections of the second views, float32 `[N, D]`. Not disposed.
 * @returns The loss in nats, >= 0; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes differ, N is 1, or an option is out of range.
 * @remarks Carries its own gradient, which needs no registered ones. It has no second derivative.
 * @see Chen et al. 2020, arXiv:2002.05709, Eq. 1
 */
export function ntXentLoss(z1: tf.Tensor2D, z2: tf.Tensor2D, options: NtXentLossOptions = {}): tf.Scalar {
  const { temperature = 0.1, scale = "paper" } = options;
  checkViews("ntXentLoss", z1, z2, temperature);
  checkChoice("ntXentLoss", { scale }, ["paper", "reference"]);
  const factor = scale === "reference" ? 2 : 1;
  const loss = tf.customGrad((first, second, save) => {
    (save as tf.GradSaveFunc)([first as tf.Tensor, second as tf.Tensor]);
    const value = forward(first as tf.Tensor2D, second as tf.Tensor2D, temperature, factor);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
      backward(saved[0] as tf.Tensor2D, saved[1] as tf.Tensor2D, temperature, factor, dy);
    return { value, gradFunc };
  });
  return loss(z1, z2) as tf.Scalar;
}

/** Throws unless `z1` and `z2` are two views `[N, D]` of at least two images, and τ is positive. */
export function checkViews(where: string, z1: tf.Tensor2D, z2: tf.Tensor2D, temperature: number): void {
  checkShape(where, { z1 }, [null, null]);
  checkSameShape(where, { z1, z2 }, "Pass two views of the same images.");
  checkPositive(where, { temperature });
  if (z1.shape[0] >= 2 && z1.shape[1] >= 1) return;
  throw new InvalidArgumentError(
    `${where}: \`z1\` must have at least 2 rows and 1 column; received [${z1.shape.join(", ")}]. ` +
      "The other images of the batch are the negatives, so one image alone has none; use a larger batch.",
    { subject: "z1", expected: "[N >= 2, D >= 1]", received: `[${z1.shape.join(", ")}]` },
  );
}

function forward(z1: tf.Tensor2D, z2: tf.Tensor2D, temperature: number, factor: number): tf.Tensor {
  return tf.tidy(() => {
    const { unit, softmaxTerms } = similarities(z1, z2, temperature);
    const { max, sum } = softmaxTerms;
    const logSumExp = tf.add(max, tf.log(sum)); // [2N, 1]
    const positive = tf.div(tf.sum(tf.mul(unit, swapViews(unit)), 1, true), temperature); // [2N, 1]
    return tf.mul(factor, tf.mean(tf.sub(logSumExp, positive))); // []
  });
}

/**
 * With S = z·zᵀ/τ masked on its diagonal, P its row-wise softmax and T the partner matrix, dL/dS = (P - T) / 2N, so
 * dL/dz = ((P + Pᵀ)·z - 2·T·z) / 2Nτ; T is symmetric and swaps the views.
 */
function backward(
  z1: tf.Tensor2D,
  z2: tf.Tensor2D,
  temperature: number,
  factor: number,
  dy: tf.Tensor,
): [tf.Tensor2D, tf.Tensor2D] {
  return tf.tidy(() => {
    const { unit, inverse, softmaxTerms } = similarities(z1, z2, temperature);
    const probability = tf.div(softmaxTerms.exponentials, softmaxTerms.sum) as tf.Tensor2D; // [2N, 2N]
    const attracted = tf.mul(2, swapViews(unit)); // [2N, D]
    const repelled = tf.add(tf.matMul(probability, unit), tf.matMul(probability, unit, true)); // [2N, D]
    const coefficient = tf.mul(dy, factor / (unit.shape[0] * temperature)); // []
    const dUnit = tf.mul(coefficient, tf.sub(repelled, attracted)) as tf.Tensor2D; // [2N, D]
    const dz = normalizeRowsGradient(unit, inverse, dUnit); // [2N, D]
    return tf.split(dz, 2, 0) as [tf.Tensor2D, tf.Tensor2D]; // 2 x [N, D]
  });
}

interface Similarities {
  /** Normalised rows of both views, [2N, D], and the reciprocals of their norms, [2N, 1]. */
  readonly unit: tf.Tensor2D;
  readonly inverse: tf.Tensor2D;
  readonly softmaxTerms: {
    /** Largest logit of each row, [2N, 1]. */
    readonly max: tf.Tensor2D;
    /** exp(logit - max), [2N, 2N], and its sum over each row, [2N, 1]. */
    readonly exponentials: tf.Tensor2D;
    readonly sum: tf.Tensor2D;
  };
}

function similarities(z1: tf.Tensor2D, z2: tf.Tensor2D, temperature: number): Similarities {
  const z = tf.concat2d([z1, z2], 0); // [2N, D]
  const inverse = inverseNorms(z); // [2N, 1]
  const unit = tf.mul(z, inverse) as tf.Tensor2D; // [2N, D]
  const cosine = tf.matMul(unit, unit, false, true); // [2N, 2N]
  const rows = tf.range(0, z.shape[0], 1, "int32"); // [2N]
  const mask = tf.oneHot(rows, z.shape[0], MASKED_LOGIT, 0, "float32") as tf.Tensor2D; // [2N, 2N]
  const logits = tf.add(tf.div(cosine, temperature), mask) as tf.Tensor2D; // [2N, 2N]
  const max = tf.max<tf.Tensor2D>(logits, 1, true); // [2N, 1]
  const exponentials = tf.exp(tf.sub(logits, max)) as tf.Tensor2D; // [2N, 2N]
  const sum = tf.sum<tf.Tensor2D>(exponentials, 1, true); // [2N, 1]
  return { unit, inverse, softmaxTerms: { max, exponentials, sum } };
}

/** Rows of view 2 before those of view 1: every row's partner, [2N, D]. */
function swapViews(rows: tf.Tensor2D): tf.Tensor2D {
  const [first, second] = tf.split(rows, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
  return tf.concat2d([second, first], 0);
}
