import { checkInteger, InvalidArgumentError, type Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkMatrix } from "./labels.js";

export interface KMeansOptions {
  /** Row-major [N, D], finite. */
  readonly features: Float32Array;
  /** D, >= 1. */
  readonly dimension: number;
  /** Clusters, in [1, N]. */
  readonly k: number;
  /** Rounds at most, >= 1; it ends before once no row changes its cluster. @defaultValue 100 */
  readonly iterations?: number;
  /** Draws the first centres. */
  readonly random: Random;
}

export interface KMeans {
  /** The cluster of each row, [N], in [0, k). */
  readonly clusters: Int32Array;
  /** Row-major [k, D]. */
  readonly centres: Float32Array;
  /** Sum of the squared distances of all rows from their centres. */
  readonly inertia: number;
}

/**
 * Lloyd's algorithm, begun by k-means++. A cluster that loses its last row takes the row that is farthest from its centre.
 *
 * @throws InvalidArgumentError if arrays do not fit, a feature is not finite, or there are fewer rows than clusters.
 * @see Arthur and Vassilvitskii 2007, "k-means++: the advantages of careful seeding"
 */
export async function kMeans(options: KMeansOptions): Promise<KMeans> {
  const { features, dimension, k, iterations = 100, random } = options;
  checkInteger("kMeans", { dimension }, 1);
  checkInteger("kMeans", { k }, 1);
  checkInteger("kMeans", { iterations }, 1);
  const count = checkMatrix("kMeans", { features }, dimension);
  if (k > count)
    throw new InvalidArgumentError(`kMeans: \`k\` must be at most ${count}, the rows; received ${k}. Lower it.`, {
      subject: "k",
      expected: `<= ${count}`,
      received: String(k),
    });
  const x = tf.tensor2d(features, [count, dimension]);
  try {
    const centres = firstCentres(features, dimension, k, random.fork("k-means"));
    let clusters = new Int32Array(count).fill(-1);
    for (let round = 0; round < iterations; round++) {
      const { nearest, squares } = await assign(x, features, centres, k);
      refill(nearest, squares, k);
      const changed = nearest.some((cluster, i) => cluster !== clusters[i]);
      clusters = nearest;
      if (!changed) break;
      moveCentres(features, dimension, clusters, centres, k);
    }
    return { clusters, centres, inertia: inertiaOf(features, dimension, clusters, centres) };
  } finally {
    x.dispose();
  }
}

/** k-means++: each next centre is a row drawn in proportion to its squared distance from the nearest one so far. */
function firstCentres(features: Float32Array, dimension: number, k: number, random: Random): Float32Array {
  const count = features.length / dimension;
  const centres = new Float32Array(k * dimension);
  const squares = new Float64Array(count).fill(Infinity);
  let chosen = random.integer(0, count);
  for (let c = 0; ; c++) {
    const centre = features.subarray(chosen * dimension, (chosen + 1) * dimension);
    centres.set(centre, c * dimension);
    if (c === k - 1) return centres;
    let total = 0;
    for (let row = 0; row < count; row++) {
      squares[row] = Math.min(squares[row]!, squaredDistance(features, row * dimension, centre, 0, dimension));
      total += squares[row]!;
    }
    let left = random.uniform(0, total);
    chosen = squares.findIndex((square) => {
      left -= square;
      return left < 0;
    });
    // All rows lie on centres already: any will do.
    if (chosen < 0) chosen = random.integer(0, count);
  }
}

/** The nearest centre of every row, and the squared distance from it. */
async function assign(x: tf.Tensor2D, features: Float32Array, centres: Float32Array, k: number) {
  const dimension = x.shape[1];
  const result = tf.tidy(() => {
    const c = tf.tensor2d(centres.slice(), [k, dimension]);
    // |x - c|² = |x|² - 2 (x·c - |c|²/2)
    return tf.argMax(tf.sub(tf.matMul(x, c, false, true), tf.div(tf.sum(tf.square(c), 1), 2)), 1);
  });
  const nearest = Int32Array.from(await result.data());
  result.dispose();
  const squares = Float64Array.from(nearest, (cluster, row) =>
    squaredDistance(features, row * dimension, centres, cluster * dimension, dimension),
  );
  return { nearest, squares };
}

function refill(clusters: Int32Array, squares: Float64Array, k: number): void {
  const sizes = new Int32Array(k);
  for (const cluster of clusters) sizes[cluster]! += 1;
  for (let c = 0; c < k; c++) {
    if (sizes[c]! > 0) continue;
    let farthest = -1;
    for (let row = 0; row < clusters.length; row++)
      if (sizes[clusters[row]!]! > 1 && (farthest < 0 || squares[row]! > squares[farthest]!)) farthest = row;
    sizes[clusters[farthest]!]! -= 1;
    clusters[farthest] = c;
    squares[farthest] = 0;
    sizes[c] = 1;
  }
}

function moveCentres(
  features: Float32Array,
  dimension: number,
  clusters: Int32Array,
  centres: Float32Array,
  k: number,
): void {
  const sums = new Float64Array(k * dimension);
  const sizes = new Int32Array(k);
  for (const [row, cluster] of clusters.entries()) {
    sizes[cluster]! += 1;
    for (let d = 0; d < dimension; d++) sums[cluster * dimension + d]! += features[row * dimension + d]!;
  }
  for (const [i, sum] of sums.entries()) centres[i] = sum / sizes[Math.floor(i / dimension)]!;
}

function inertiaOf(features: Float32Array, dimension: number, clusters: Int32Array, centres: Float32Array): number {
  return clusters.reduce(
    (sum, cluster, row) => sum + squaredDistance(features, row * dimension, centres, cluster * dimension, dimension),
    0,
  );
}

function squaredDistance(a: Float32Array, atA: number, b: Float32Array, atB: number, dimension: number): number {
  let sum = 0;
  for (let d = 0; d < dimension; d++) sum += (a[atA + d]! - b[atB + d]!) ** 2;
  return sum;
}
