/** How many numbers lie where, as TensorBoard's HistogramProto has it. */
export interface Histogram {
  readonly minimum: number;
  readonly maximum: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  /** Upper end of each bucket, growing. */
  readonly limits: readonly number[];
  /** Of each bucket. */
  readonly counts: readonly number[];
}

const BUCKETS = 30;

/**
 * Buckets of equal width between the least and the greatest number.
 *
 * @param values - Finite, at least one.
 */
export function histogramOf(values: Float32Array): Histogram {
  let [minimum, maximum, sum, sumOfSquares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of values) {
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
    sum += value;
    sumOfSquares += value * value;
  }
  const width = (maximum - minimum) / BUCKETS;
  const buckets = width > 0 ? BUCKETS : 1;
  const counts = new Array<number>(buckets).fill(0);
  for (const value of values) {
    const bucket = width > 0 ? Math.min(Math.floor((value - minimum) / width), buckets - 1) : 0;
    counts[bucket]!++;
  }
  const limits = counts.map((_, i) => (i === buckets - 1 ? maximum : minimum + (i + 1) * width));
  return { minimum, maximum, count: values.length, sum, sumOfSquares, limits, counts };
}
