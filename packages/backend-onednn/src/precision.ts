import { checkChoice } from "@simclr/core";

/** Arithmetic of convolutions and large matrix products; everything else is always float32. */
export type Precision = "float32" | "bfloat16";

let current: Precision = "float32";

/**
 * Chooses how convolutions and large matrix products multiply, for all oneDNN backends of this process. With
 * `bfloat16` operands are rounded to 8 bits of mantissa; sums and results stay float32, and so do all tensors.
 * Worth it only where the processor multiplies bfloat16 fast (measure it): processors without AVX512-BF16 emulate it,
 * slowly, and those without AVX-512 compute in float32.
 * @throws InvalidArgumentError for any other name.
 */
export function setPrecision(precision: Precision): void {
  checkChoice("setPrecision", { precision }, ["float32", "bfloat16"]);
  current = precision;
}

export function getPrecision(): Precision {
  return current;
}
