import { checkInRange, checkInteger, InvalidArgumentError, type Random } from "@simclr/core";
import { softmaxCrossEntropy } from "@simclr/losses";
import * as tf from "@tensorflow/tfjs-core";
import { accuracy, predictions } from "./accuracy.js";
import { type ClassificationResult, classificationResult } from "./classification-result.js";
import { checkFeatures, type LabelledFeatures } from "./labelled-features.js";
import { lbfgs, type ValueAndGradient } from "./lbfgs.js";
import { oneHot } from "./one-hot.js";
import { rowsAt } from "./rows-at.js";
import { standardize } from "./standardize.js";

export interface LbfgsProbeOptions extends LabelledFeatures {
  /**
   * λ of the penalty λ/2 ‖W‖² beside the mean cross-entropy, >= 0; the bias is not penalised. Of several, the one is taken
   * that is best on a fifth of the training rows held out, of equal ones the largest, and all rows are fitted with it. In
   * scikit-learn's terms, λ = 1 / (C N).
   *
   * @defaultValue [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
   */
  readonly l2?: number | readonly number[];
  /** Steps of a fit at most, >= 1. @defaultValue 200 */
  readonly iterations?: number;
  /** Draws the rows held out; needed where there are several `l2`. */
  readonly random?: Random;
}

export interface LbfgsProbeResult extends ClassificationResult {
  /** The one that was taken. */
  readonly l2: number;
  /** Of the training features, without the penalty, in nats. */
  readonly trainLoss: number;
  /** Whether the last fit reached its optimum. */
  readonly converged: boolean;
}

const PENALTIES = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];
/** Largest component of the gradient at the optimum; float32 sums do not get much nearer to 0. */
const TOLERANCE = 2e-6;

/** Rows with their classes. */
interface Rows {
  /** Row-major [N, D], standardised. */
  readonly features: Float32Array;
  readonly labels: ArrayLike<number>;
}

/**
 * A linear classifier on frozen features, fitted to its optimum: multinomial logistic regression by L-BFGS on all training
 * features at once, standardised as in `linearProbe`. It has no learning rate to choose and takes seconds.
 *
 * @throws InvalidArgumentError if arrays do not fit, a feature is not finite, a label is no class, or an option is out of range.
 * @see Kornblith et al. 2019, arXiv:1805.08974, appendix A.1 (the protocol)
 */
export async function lbfgsProbe(options: LbfgsProbeOptions): Promise<LbfgsProbeResult> {
  const { dimension, classCount, l2 = PENALTIES, iterations = 200 } = options;
  const where = "lbfgsProbe";
  checkInteger(where, { iterations }, 1);
  const penalties = typeof l2 === "number" ? [l2] : [...l2];
  if (penalties.length === 0)
    throw new InvalidArgumentError(`${where}: \`l2\` must hold one number or more; received none.`, { subject: "l2" });
  for (const [i, penalty] of penalties.entries()) checkInRange(where, { [`l2[${i}]`]: penalty }, 0, Number.MAX_VALUE);
  const { testCount } = checkFeatures(where, options);
  const { train, test } = standardize(options.trainFeatures, options.testFeatures, dimension);
  const rows: Rows = { features: train, labels: options.trainLabels };
  const chosen = penalties.length === 1 ? penalties[0]! : await choosePenalty(rows, penalties, options, iterations);
  const fitted = await fit(rows, chosen, dimension, classCount, iterations);
  const scores = await logitsOf(fitted.point, test, testCount, dimension, classCount);
  const protocol = `linear probe L-BFGS l2=${chosen}${penalties.length > 1 ? " chosen on held-out rows" : ""} standardised`;
  const result = classificationResult(protocol, scores, options.testLabels, classCount);
  return {
    ...result,
    l2: chosen,
    trainLoss: fitted.value - penaltyOf(fitted.point, chosen, dimension * classCount),
    converged: fitted.converged,
  };
}

/** The penalty whose classifier, fitted on four fifths of the rows, is best on the last fifth. */
async function choosePenalty(
  { features, labels }: Rows,
  penalties: readonly number[],
  { dimension, classCount, random }: LbfgsProbeOptions,
  iterations: number,
): Promise<number> {
  if (random === undefined)
    throw new InvalidArgumentError(
      "lbfgsProbe: several `l2` need `random`, which draws the rows held out; received none. Pass Random.fromSeed(0), or one `l2`.",
      { subject: "random", expected: "a Random", received: "none" },
    );
  const order = random.fork("held-out").permutation(labels.length);
  const heldOut = Math.max(1, Math.floor(labels.length / 5));
  if (labels.length < 2) return Math.max(...penalties);
  const part = (indices: Int32Array): Rows => ({
    features: rowsAt(features, dimension, indices),
    labels: Int32Array.from(indices, (index) => labels[index]!),
  });
  const [validation, training] = [part(order.subarray(0, heldOut)), part(order.subarray(heldOut))];
  let best = { penalty: Number.NaN, share: -1 };
  for (const penalty of [...penalties].sort((a, b) => b - a)) {
    const { point } = await fit(training, penalty, dimension, classCount, iterations);
    const scores = await logitsOf(point, validation.features, heldOut, dimension, classCount);
    const share = accuracy(predictions(scores, classCount), validation.labels);
    if (share > best.share) best = { penalty, share };
  }
  return best.penalty;
}

/** The optimum over kernel and bias, which lie in one vector, the kernel first. */
async function fit(rows: Rows, l2: number, dimension: number, classCount: number, iterations: number) {
  const count = rows.labels.length;
  const x = tf.tensor2d(rows.features, [count, dimension]);
  const y = tf.tensor2d(oneHot(rows.labels, classCount), [count, classCount]);
  const kernelSize = dimension * classCount;
  const at = async (point: Float64Array): Promise<ValueAndGradient> => {
    const [loss, byKernel, byBias] = tf.tidy(() => {
      const logits = logitsAt(point, x, dimension, classCount);
      const difference = tf.div(tf.sub(tf.softmax(logits), y), count) as tf.Tensor2D; // [N, C]
      return [softmaxCrossEntropy(logits, y), tf.matMul(x, difference, true), tf.sum(difference, 0)] as const;
    });
    const [[value], kernel, bias] = await Promise.all([loss.data(), byKernel.data(), byBias.data()]);
    tf.dispose([loss, byKernel, byBias]);
    const gradient = new Float64Array(point.length);
    gradient.set(kernel);
    gradient.set(bias, kernelSize);
    for (let i = 0; i < kernelSize; i++) gradient[i]! += l2 * point[i]!;
    return { value: value! + penaltyOf(point, l2, kernelSize), gradient };
  };
  try {
    return await lbfgs(at, new Float64Array(kernelSize + classCount), { iterations, tolerance: TOLERANCE });
  } finally {
    tf.dispose([x, y]);
  }
}

function penaltyOf(point: Float64Array, l2: number, kernelSize: number): number {
  let squares = 0;
  for (let i = 0; i < kernelSize; i++) squares += point[i]! ** 2;
  return (l2 / 2) * squares;
}

function logitsAt(point: Float64Array, x: tf.Tensor2D, dimension: number, classCount: number): tf.Tensor2D {
  const kernel = tf.tensor2d(Float32Array.from(point.subarray(0, dimension * classCount)), [dimension, classCount]);
  return tf.add(tf.matMul(x, kernel), tf.tensor1d(Float32Array.from(point.subarray(dimension * classCount))));
}

async function logitsOf(
  point: Float64Array,
  features: Float32Array,
  rows: number,
  dimension: number,
  classCount: number,
): Promise<Float32Array> {
  const logits = tf.tidy(() => logitsAt(point, tf.tensor2d(features, [rows, dimension]), dimension, classCount));
  try {
    return await logits.data<"float32">();
  } finally {
    logits.dispose();
  }
}
