import { checkInteger, checkPositive } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type ClassificationResult, classificationResult } from "./classification-result.js";
import { checkFeatures, type LabelledFeatures } from "./labelled-features.js";
import { Nearest } from "./nearest.js";

/** Similarities computed and read back at a time: 64 MiB of float32. */
const BLOCK_ELEMENTS = 2 ** 24;

export interface KnnOptions extends LabelledFeatures {
  /** Neighbours that vote, >= 1; all training images where there are fewer. @defaultValue 200 */
  readonly k?: number;
  /** τ of a neighbour's weight exp(cosine / τ), > 0. @defaultValue 0.07 */
  readonly temperature?: number;
}

/**
 * Classifies test images by a weighted vote of their nearest training images, by cosine similarity: an easy measure of a
 * representation, with nothing to train. Of equally near neighbours the first ones vote; of equal votes the lowest class wins.
 *
 * Runs blockwise: a matrix product on the backend, the selection on the host.
 *
 * @throws InvalidArgumentError if arrays do not fit, a feature is not finite, or a label is no class.
 * @see Wu et al. 2018, arXiv:1805.01978, section 3.4
 */
export async function knn(options: KnnOptions): Promise<ClassificationResult> {
  const { dimension, classCount, trainLabels, testLabels, k = 200, temperature = 0.07 } = options;
  checkInteger("knn", { k }, 1);
  checkPositive("knn", { temperature });
  const { trainCount, testCount } = checkFeatures("knn", options);
  const neighbours = Math.min(k, trainCount);
  const nearest = new Nearest(neighbours);
  const scores = new Float32Array(testCount * classCount);
  const blockRows = Math.max(1, Math.floor(BLOCK_ELEMENTS / trainCount));
  const train = tf.tensor2d(normalizedRows(options.trainFeatures, dimension), [trainCount, dimension]);
  try {
    const test = normalizedRows(options.testFeatures, dimension);
    for (let start = 0; start < testCount; start += blockRows) {
      const end = Math.min(start + blockRows, testCount);
      const similarities = await similarityBlock(test.subarray(start * dimension, end * dimension), train);
      for (let row = start; row < end; row++) {
        nearest.select(similarities.subarray((row - start) * trainCount, (row - start + 1) * trainCount));
        vote(nearest, trainLabels, temperature, scores.subarray(row * classCount, (row + 1) * classCount));
      }
    }
  } finally {
    train.dispose();
  }
  return classificationResult(`knn k=${neighbours} tau=${temperature}`, scores, testLabels, classCount);
}

/** Cosine similarities of normalised test rows to all training rows, row-major [rows, N]. */
async function similarityBlock(rows: Float32Array, train: tf.Tensor2D): Promise<Float32Array> {
  const product = tf.tidy(() => {
    const dimension = train.shape[1];
    const test = tf.tensor2d(rows.slice(), [rows.length / dimension, dimension]); // [rows, D]
    return tf.matMul(test, train, false, true); // [rows, N]
  });
  try {
    return await product.data<"float32">();
  } finally {
    product.dispose();
  }
}

/** Adds the weights exp((s - best) / τ) of the neighbours to their classes, and divides by their sum. */
function vote(nearest: Nearest, labels: ArrayLike<number>, temperature: number, votes: Float32Array): void {
  const { similarities, indices } = nearest;
  const best = similarities.reduce((a, b) => Math.max(a, b)); // a common factor, so that exp cannot overflow
  const sums = new Float64Array(votes.length);
  let total = 0;
  for (let i = 0; i < indices.length; i++) {
    const weight = Math.exp((similarities[i]! - best) / temperature);
    sums[labels[indices[i]!]!]! += weight;
    total += weight;
  }
  for (let c = 0; c < votes.length; c++) votes[c] = sums[c]! / total;
}

/** Rows of length 1; a row of zeros stays so, and is equally near to everything. */
function normalizedRows(values: Float32Array, dimension: number): Float32Array {
  const unit = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += dimension) {
    let squares = 0;
    for (let i = start; i < start + dimension; i++) squares += values[i]! ** 2;
    const inverse = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = start; i < start + dimension; i++) unit[i] = values[i]! * inverse;
  }
  return unit;
}
