import { checkInRange, checkInteger } from "@simclr/core";

/** 97.5 % quantile of the standard normal distribution: two-sided 95 %. */
const Z95 = 1.959963984540054;

/** A closed range of shares, inside [0, 1]. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson score interval of a share measured on `count` independent trials, at 95 %.
 *
 * It says how far the share may be off because the test set is a sample; it knows nothing of other seeds.
 *
 * @param share - Measured share, in [0, 1].
 * @param count - Number of trials, >= 1.
 * @throws InvalidArgumentError if `share` or `count` is out of range.
 * @see Wilson 1927, "Probable inference, the law of succession, and statistical inference"
 */
export function wilsonInterval(share: number, count: number): Interval {
  checkInRange("wilsonInterval", { share }, 0, 1);
  checkInteger("wilsonInterval", { count }, 1);
  const z2 = Z95 * Z95;
  const center = (share + z2 / (2 * count)) / (1 + z2 / count);
  const half = (Z95 / (1 + z2 / count)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count));
  // The exact ends at 0 and 1 must not be lost to rounding.
  return {
    low: share === 0 ? 0 : Math.max(0, center - half),
    high: share === 1 ? 1 : Math.min(1, center + half),
  };
}
