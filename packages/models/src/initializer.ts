import type { Random } from "@simclr/core";

/** Standard deviation of N(0, 1) truncated at two standard deviations. */
const TRUNCATED_DEVIATION = 0.87962566;

/** How the first values of a weight are made. */
export type Initializer =
  /** Truncated normal whose standard deviation is sqrt(1 / fanIn), for convolutions. */
  | { readonly kind: "variance-scaling"; readonly fanIn: number }
  /** N(0, deviation^2), for dense layers. */
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "constant"; readonly value: number };

/** The first values of a weight of `count` elements. */
export function drawInitial(initializer: Initializer, count: number, random: Random): Float32Array {
  const values = new Float32Array(count);
  switch (initializer.kind) {
    case "constant":
      return values.fill(initializer.value);
    case "normal":
      for (let i = 0; i < count; i++) values[i] = initializer.deviation * random.normal();
      return values;
    case "variance-scaling": {
      const sigma = Math.sqrt(1 / initializer.fanIn) / TRUNCATED_DEVIATION;
      for (let i = 0; i < count; i++) values[i] = sigma * random.truncatedNormal();
      return values;
    }
  }
}
