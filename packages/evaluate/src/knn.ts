import { checkInteger, checkPositive } from "@simclr/core";
import { type ClassificationResult, classificationResult } from "./classification-result.js";
import { checkFeatures, type LabelledFeatures } from "./labelled-features.js";
import { type Neighbours, nearestNeighbours } from "./nearest-neighbours.js";

export interface KnnOptions extends LabelledFeatures {
  /** Neighbours that vote, >= 1; all training images where there are fewer. @defaultValue 200 */
  readonly k?: number;
  /** τ of a neighbour's weight exp(cosine / τ), > 0. @defaultValue 0.07 */
  readonly temperature?: number;
}

export interface KnnGridOptions extends LabelledFeatures {
  /** Numbers of neighbours, each >= 1. @defaultValue [5, 20, 100, 200] */
  readonly k?: readonly number[];
  /** Each > 0. @defaultValue [0.02, 0.07, 0.2, 1] */
  readonly temperature?: readonly number[];
}

/** One point of a grid. */
export interface KnnGridPoint extends ClassificationResult {
  readonly k: number;
  readonly temperature: number;
}

/**
 * Classifies test images by a weighted vote of their nearest training images, by cosine similarity: an easy measure of a
 * representation, with nothing to train. Of equally near neighbours the first ones vote; of equal votes the lowest class wins.
 *
 * @throws InvalidArgumentError if arrays do not fit, a feature is not finite, or a label is no class.
 * @see Wu et al. 2018, arXiv:1805.01978, section 3.4
 */
export async function knn(options: KnnOptions): Promise<ClassificationResult> {
  const { k = 200, temperature = 0.07 } = options;
  checkInteger("knn", { k }, 1);
  checkPositive("knn", { temperature });
  const [point] = await vote("knn", options, [k], [temperature]);
  const { protocol, top1, top5, predictions, scores } = point!;
  return { protocol, top1, top5, predictions, scores };
}

/**
 * `knn` for every pair of a number of neighbours and a temperature, in one search. Points come by k, then by temperature.
 * A best point picked on the test images flatters: pick it on others.
 *
 * @throws InvalidArgumentError as `knn`.
 */
export async function knnGrid(options: KnnGridOptions): Promise<readonly KnnGridPoint[]> {
  const { k = [5, 20, 100, 200], temperature = [0.02, 0.07, 0.2, 1] } = options;
  for (const [i, each] of k.entries()) checkInteger("knnGrid", { [`k[${i}]`]: each }, 1);
  for (const [i, each] of temperature.entries()) checkPositive("knnGrid", { [`temperature[${i}]`]: each });
  checkInteger("knnGrid", { "the length of k": k.length }, 1);
  return vote("knnGrid", options, k, temperature);
}

async function vote(
  where: string,
  data: LabelledFeatures,
  counts: readonly number[],
  temperatures: readonly number[],
): Promise<KnnGridPoint[]> {
  const { trainFeatures, trainLabels, testFeatures, testLabels, dimension, classCount } = data;
  checkFeatures(where, data);
  const most = Math.max(...counts);
  const found = await nearestNeighbours({ queries: testFeatures, features: trainFeatures, dimension, k: most });
  return counts.flatMap((count) =>
    temperatures.map((temperature) => {
      const k = Math.min(count, found.k);
      const scores = votes(found, k, temperature, trainLabels, testLabels.length, classCount);
      const result = classificationResult(`knn k=${k} tau=${temperature}`, scores, testLabels, classCount);
      return { ...result, k, temperature };
    }),
  );
}

/** The share of the weights exp((s - best) / τ) of the k nearest that each class has, row-major [M, C]. */
function votes(
  { indices, similarities, k: stride }: Neighbours,
  k: number,
  temperature: number,
  labels: ArrayLike<number>,
  rows: number,
  classCount: number,
): Float32Array {
  const scores = new Float32Array(rows * classCount);
  const sums = new Float64Array(classCount);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    let total = 0;
    const best = similarities[row * stride]!; // a common factor, so that exp cannot overflow
    for (let i = row * stride; i < row * stride + k; i++) {
      const weight = Math.exp((similarities[i]! - best) / temperature);
      sums[labels[indices[i]!]!]! += weight;
      total += weight;
    }
    for (let c = 0; c < classCount; c++) scores[row * classCount + c] = sums[c]! / total;
  }
  return scores;
}
