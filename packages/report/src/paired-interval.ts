import { checkInteger, InvalidArgumentError } from "@simclr/core";
import type { Interval } from "./wilson.js";

/** 97.5 % quantile of the standard normal distribution: two-sided 95 %. */
const Z95 = 1.959963984540054;

/**
 * 95 % interval of the difference of two shares that were measured on the same trials, adjusted so that it holds for small samples.
 *
 * @param gained - Trials that only the first has right.
 * @param lost - Trials that only the second has right.
 * @param count - All trials, >= gained + lost.
 * @returns Ends of the interval of (gained - lost) / count, in [-1, 1].
 * @throws InvalidArgumentError if a number is out of range.
 * @see Agresti and Min 2005, "Simple improved confidence intervals for comparing matched proportions", Statistics in Medicine 24
 */
export function pairedInterval(gained: number, lost: number, count: number): Interval {
  checkInteger("pairedInterval", { gained }, 0);
  checkInteger("pairedInterval", { lost }, 0);
  checkInteger("pairedInterval", { count }, 1);
  if (gained + lost > count)
    throw new InvalidArgumentError(
      `pairedInterval: \`count\` must be at least ${gained + lost}, the trials on which the two differ; received ${count}.`,
      { subject: "count", expected: `>= ${gained + lost}`, received: String(count) },
    );
  const [b, c, n] = [gained + 0.5, lost + 0.5, count + 2];
  const difference = (b - c) / n;
  const half = (Z95 / n) * Math.sqrt(b + c - (b - c) ** 2 / n);
  return { low: Math.max(-1, difference - half), high: Math.min(1, difference + half) };
}
