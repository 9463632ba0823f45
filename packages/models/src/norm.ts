import type { Weight } from "@simclr/core";
import { type BatchNormActivation, batchNorm, batchNormInference } from "@simclr/ops";
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

/** Batch norm, then the residual, then the activation. @param x - float32 `[..., C]`. @returns the same shape. */
export function normalise<T extends tf.Tensor>(
  layer: Norm<Weight>,
  x: T,
  { training, statistics }: ForwardOptions,
  extras: NormaliseExtras = {},
): T {
  return tf.tidy(() => {
    const { movingMean, movingVariance } = layer;
    const gamma = layer.gamma.variable;
    const beta = layer.beta?.variable ?? tf.zerosLike(movingMean.variable);
    const options = { epsilon: BATCH_NORM_EPSILON, ...extras };
    if (!training) return batchNormInference(x, gamma, beta, movingMean.variable, movingVariance.variable, options);
    const { y, mean, variance } = batchNorm(x, gamma, beta, options);
    statistics?.record(movingMean, movingVariance, mean, variance, BATCH_NORM_MOMENTUM);
    return y;
  });
}
