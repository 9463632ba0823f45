import { checkInteger } from "@simclr/core";

/** Elements of the largest matrix that is made where no block size is given: 16 MiB of float32. */
const MAX_BLOCK_ELEMENTS = 2 ** 22;

/** Rows of a block: as asked for, or as many rows of `columns` elements as 16 MiB hold. */
export function rowsPerBlock(where: string, columns: number, blockSize: number | undefined): number {
  if (blockSize !== undefined) checkInteger(where, { blockSize }, 1, "It counts rows of the similarity matrix.");
  return blockSize ?? Math.max(1, Math.floor(MAX_BLOCK_ELEMENTS / Math.max(1, columns)));
}
