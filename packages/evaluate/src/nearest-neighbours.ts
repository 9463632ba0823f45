import { checkInteger } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkMatrix } from "./labels.js";
import { Nearest } from "./nearest.js";
import { unitRows } from "./unit-rows.js";

/** Similarities computed and read back at a time: 64 MiB of float32. */
const BLOCK_ELEMENTS = 2 ** 24;

export interface NearestNeighboursOptions {
  /** Rows whose neighbours are looked for, row-major [M, D], finite. */
  readonly queries: Float32Array;
  /** Rows among which they are looked for, row-major [N, D], finite. */
  readonly features: Float32Array;
  /** D, >= 1. */
  readonly dimension: number;
  /** Neighbours of each row, >= 1; N where there are fewer. */
  readonly k: number;
}

/** The nearest rows of each query, the nearest first. */
export interface Neighbours {
  /** Rows of `features`, row-major [M, k]. */
  readonly indices: Int32Array;
  /** Cosines with them, in [-1, 1], row-major [M, k]. */
  readonly similarities: Float32Array;
  readonly k: number;
}

/**
 * The rows that are nearest to each query by cosine similarity. Of equally near ones the first comes first; a row of zeros is
 * equally near to everything. A row that is among both is its own nearest neighbour.
 *
 * Runs blockwise: a matrix product on the backend, the selection on the host.
 *
 * @throws InvalidArgumentError if arrays do not fit or a feature is not finite.
 */
export async function nearestNeighbours(options: NearestNeighboursOptions): Promise<Neighbours> {
  const { queries, features, dimension } = options;
  const where = "nearestNeighbours";
  checkInteger(where, { dimension }, 1);
  checkInteger(where, { k: options.k }, 1);
  const count = checkMatrix(where, { features }, dimension);
  const queryCount = checkMatrix(where, { queries }, dimension);
  const k = Math.min(options.k, count);
  const nearest = new Nearest(k);
  const indices = new Int32Array(queryCount * k);
  const similarities = new Float32Array(queryCount * k);
  const blockRows = Math.max(1, Math.floor(BLOCK_ELEMENTS / count));
  const among = tf.tensor2d(unitRows(features, dimension), [count, dimension]);
  try {
    const unit = unitRows(queries, dimension);
    for (let start = 0; start < queryCount; start += blockRows) {
      const end = Math.min(start + blockRows, queryCount);
      const block = await similarityBlock(unit.subarray(start * dimension, end * dimension), among);
      for (let row = start; row < end; row++) {
        nearest.select(block.subarray((row - start) * count, (row - start + 1) * count));
        const order = [...nearest.indices.keys()].sort((a, b) => compare(nearest, a, b));
        order.forEach((place, rank) => {
          indices[row * k + rank] = nearest.indices[place]!;
          similarities[row * k + rank] = nearest.similarities[place]!;
        });
      }
    }
  } finally {
    among.dispose();
  }
  return { indices, similarities, k };
}

const compare = ({ similarities, indices }: Nearest, a: number, b: number): number =>
  similarities[b]! - similarities[a]! || indices[a]! - indices[b]!;

/** Cosine similarities of normalised rows to all others, row-major [rows, N]. */
async function similarityBlock(rows: Float32Array, among: tf.Tensor2D): Promise<Float32Array> {
  const product = tf.tidy(() => {
    const dimension = among.shape[1];
    const block = tf.tensor2d(rows.slice(), [rows.length / dimension, dimension]); // [rows, D]
    return tf.matMul(block, among, false, true); // [rows, N]
  });
  try {
    return await product.data<"float32">();
  } finally {
    product.dispose();
  }
}
