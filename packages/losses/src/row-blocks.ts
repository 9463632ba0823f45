import { checkInteger } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/** Elements of the largest matrix that is made where no block size is given: 16 MiB of float32. */
const MAX_BLOCK_ELEMENTS = 2 ** 22;

/** Rows of a block: as asked for, or as many rows of `columns` elements as 16 MiB hold. */
export function rowsPerBlock(where: string, columns: number, blockSize: number | undefined): number {
  if (blockSize !== undefined) checkInteger(where, { blockSize }, 1, "It counts rows of the similarity matrix.");
  return blockSize ?? Math.max(1, Math.floor(MAX_BLOCK_ELEMENTS / Math.max(1, columns)));
}

/**
 * Computes rows of a result block by block, so that what a block needs is freed before the next one starts.
 *
 * @param f - Gives rows `start … start + count - 1` of the result, `[count, C]`.
 * @returns `[rows, C]`; the caller disposes it.
 */
export function mapRowBlocks(
  rows: number,
  blockSize: number,
  f: (start: number, count: number) => tf.Tensor2D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const blocks: tf.Tensor2D[] = [];
    for (let start = 0; start < rows; start += blockSize)
      blocks.push(tf.tidy(() => f(start, Math.min(blockSize, rows - start))));
    return blocks.length === 1 ? blocks[0]! : tf.concat2d(blocks, 0);
  });
}
