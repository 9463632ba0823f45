import * as tf from "@tensorflow/tfjs-core";

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
