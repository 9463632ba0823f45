import { type CalibrationOptions, reliabilityBins } from "./reliability.js";

/**
 * The expected calibration error, in [0, 1]: the mean over examples of |accuracy - mean confidence| of the bin that their
 * highest probability falls into, with the bins of `reliability`.
 *
 * @throws InvalidArgumentError if the arrays do not fit, a label is -1, or a row is no probability distribution.
 * @see Guo et al. 2017, arXiv:1706.04599, Eq. 3
 */
export function expectedCalibrationError(options: CalibrationOptions): number {
  const bins = reliabilityBins("expectedCalibrationError", options);
  const examples = bins.reduce((sum, { count }) => sum + count, 0);
  return (
    bins.reduce((sum, { count, accuracy, confidence }) => sum + count * Math.abs(accuracy - confidence), 0) / examples
  );
}
