import { checkChoice } from "@simclr/core";

/** How activations are held, and convolutions and large matrix products multiply. */
export type Precision = "float32" | "bfloat16";

let current: Precision = "float32";

/**
 * Chooses the precision for all oneDNN backends of this process. With `bfloat16` (8 bits of mantissa) the results of
 * convolutions, the gradients that they pass on, and what batch norm, max pooling, ReLU and functions of two operands make
 * of them are held in half the memory; reading them gives float32. Weights and their gradients, statistics, sums,
 * reductions, matrix products and losses stay float32.
 *
 * A processor without AVX512-BF16 multiplies float32 all the same: the memory is saved, and the conversions take time. One
 * with it multiplies bfloat16 except in 3x3 convolutions of stride 1 from 32 channels, where Winograd's method in float32
 * (`setWinograd`) is as fast or faster. Its products of an odd number of channels look at the next pixel too, with a weight of
 * zero: an infinity or NaN there gives NaN.
 * @throws InvalidArgumentError for any other name.
 */
export function setPrecision(precision: Precision): void {
  checkChoice("setPrecision", { precision }, ["float32", "bfloat16"]);
  current = precision;
}

export function getPrecision(): Precision {
  return current;
}
