import { InvalidArgumentError } from "@simclr/core";

/** 97.5 % quantiles of Student's t for 1 … 30 degrees of freedom: two-sided 95 %. */
const T95 = [
  12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788, 2.1604, 2.1448, 2.1314,
  2.1199, 2.1098, 2.1009, 2.093, 2.086, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
];
const Z95 = 1.959963984540054;

/** The mean of repeated measurements, and how well they fix it. */
export interface MeanInterval {
  readonly mean: number;
  /** Sample standard deviation, with n - 1; undefined for one measurement. */
  readonly deviation: number | undefined;
  /** Lower and upper end of the 95 % confidence interval of the mean; undefined for one measurement. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly count: number;
}

/**
 * The mean of runs that differ in their seed or in the images that have labels, with Student's 95 % interval. It takes them for
 * independent and about normal; with three runs it is wide, and rightly so.
 *
 * @throws InvalidArgumentError if there is none, or one is not finite.
 */
export function meanInterval(values: readonly number[]): MeanInterval {
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (values.length === 0 || wrong >= 0)
    throw new InvalidArgumentError(
      `meanInterval: \`values\` must be one finite number or more; received ${values.length === 0 ? "none" : `${values[wrong]} at ${wrong}`}. Leave out what failed.`,
      { subject: "values", expected: "finite numbers", received: String(values[wrong] ?? "none") },
    );
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, deviation: undefined, low: undefined, high: undefined, count };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
  const half = (quantile(count - 1) * deviation) / Math.sqrt(count);
  return { mean, deviation, low: mean - half, high: mean + half, count };
}

/** Beyond the table by two terms of the expansion around the normal quantile (Abramowitz and Stegun 26.7.5). */
function quantile(freedom: number): number {
  const known = T95[freedom - 1];
  if (known !== undefined) return known;
  const [z3, z5] = [Z95 ** 3, Z95 ** 5];
  return Z95 + (z3 + Z95) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * Z95) / (96 * freedom ** 2);
}
