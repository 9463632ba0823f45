import type { Random } from "@simclr/core";

/**
 * A draw from the symmetric Beta(α, α) distribution, as a share of two gamma draws.
 *
 * @param alpha - > 0; below 1 most draws lie near 0 or 1, at 1 they are even, above 1 they gather around one half.
 * @returns In [0, 1]. Gammas are compared by their logarithms, so that a small α gives 0 or 1 and never 0 / 0.
 * @see Marsaglia and Tsang 2000, "A simple method for generating gamma variables"
 */
export function drawBeta(random: Random, alpha: number): number {
  const a = logGamma(random, alpha);
  const b = logGamma(random, alpha);
  return 1 / (1 + Math.exp(b - a));
}

/** The logarithm of a draw from Gamma(shape, 1). */
function logGamma(random: Random, shape: number): number {
  // A gamma below shape 1 is one above it times U^(1 / shape).
  if (shape < 1) return logGamma(random, shape + 1) + Math.log(1 - random.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
