import { InvalidArgumentError, type Weight } from "@simclr/core";
import { type BatchNormActivation, batchNorm, batchNormInference, synchronisedBatchNorm } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { ForwardOptions } from "./module.js";
import type { MakeWeight } from "./weight-spec.js";

/** Share of the running statistics that stays in each step. */
const BATCH_NORM_MOMENTUM = 0.9;
/** Added to the variance. */
const BATCH_NORM_EPSILON = 1e-5;

export interface NormOptions {
  readonly name: string;
  readonly channels: number;
  /** First value of gamma. @defaultValue 1 */
  readonly gamma?: 0 | 1;
  /** Whether a shift is learned. @defaultValue true */
  readonly useBeta?: boolean;
}

/** A batch norm over all axes but the last. */
export interface Norm<W> {
  readonly gamma: W;
  readonly beta: W | undefined;
  readonly movingMean: W;
  readonly movingVariance: W;
}

export function makeNorm<W>(make: MakeWeight<W>, options: NormOptions): Norm<W> {
  const { name, channels, gamma = 1, useBeta = true } = options;
  const weight = (part: string, role: "gamma" | "beta" | "statistic", value: number): W =>
    make({ name: `${name}/${part}`, role, shape: [channels] }, { kind: "constant", value });
  return {
    gamma: weight("gamma", "gamma", gamma),
    beta: useBeta ? weight("beta", "beta", 0) : undefined,
    movingMean: weight("movingMean", "statistic", 0),
    movingVariance: weight("movingVariance", "statistic", 1),
  };
}

export interface NormaliseExtras {
  readonly activation?: BatchNormActivation;
  readonly residual?: tf.Tensor;
}

/**
 * Batch norm, then the residual, then the activation.
 *
 * @param x - float32 `[N, ..., C]`. @returns the same shape.
 * @throws InvalidArgumentError if N is no multiple of `options.statisticsParts`.
 */
export function normalise<T extends tf.Tensor>(
  layer: Norm<Weight>,
  x: T,
  options: ForwardOptions,
  extras: NormaliseExtras = {},
): T {
  return tf.tidy(() => {
    const { movingMean, movingVariance } = layer;
    const { training, useRunningStatistics = false, statisticsParts = 1, statistics, synchronise } = options;
    const gamma = layer.gamma.variable;
    const beta = layer.beta?.variable ?? tf.zerosLike(movingMean.variable);
    const attributes = { epsilon: BATCH_NORM_EPSILON, ...extras };
    if (!training || useRunningStatistics)
      return batchNormInference(x, gamma, beta, movingMean.variable, movingVariance.variable, attributes);
    if (statisticsParts > 1) return normaliseParts(layer, x, options, extras);
    const { y, mean, variance } =
      synchronise === undefined
        ? batchNorm(x, gamma, beta, attributes)
        : synchronisedBatchNorm(x, gamma, beta, synchronise, attributes);
    statistics?.record(movingMean, movingVariance, mean, variance, BATCH_NORM_MOMENTUM);
    return y;
  });
}

/** Each of the consecutive parts of `x` by itself. */
function normaliseParts<T extends tf.Tensor>(
  layer: Norm<Weight>,
  x: T,
  options: ForwardOptions,
  { residual, ...extras }: NormaliseExtras,
): T {
  const { statisticsParts = 1 } = options;
  const rows = x.shape[0]!;
  if (rows % statisticsParts !== 0)
    throw new InvalidArgumentError(
      `batch norm: the number of rows must be a multiple of \`statisticsParts\`, ${statisticsParts}; received ${rows}. Pass whole views, or 1 for \`statisticsParts\`.`,
      { subject: "statisticsParts", expected: `a multiple of ${statisticsParts}`, received: String(rows) },
    );
  const residuals = residual === undefined ? [] : tf.split(residual, statisticsParts, 0);
  const parts = tf.split(x, statisticsParts, 0).map((part, i) => {
    const more = residuals[i] === undefined ? extras : { ...extras, residual: residuals[i] };
    return normalise(layer, part, { ...options, statisticsParts: 1 }, more);
  });
  return tf.concat(parts, 0) as T;
}
