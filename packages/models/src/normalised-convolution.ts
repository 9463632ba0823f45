import type { Weight } from "@simclr/core";
import type * as tf from "@tensorflow/tfjs-core";
import { type Convolution, type ConvolutionShape, convolve, makeConvolution } from "./convolution.js";
import type { ForwardOptions } from "./module.js";
import { makeNorm, type Norm, type NormaliseExtras, normalise } from "./norm.js";
import type { MakeWeight } from "./weight-spec.js";

/** A convolution and the batch norm behind it. */
export interface NormalisedConvolution<W> {
  readonly convolution: Convolution<W>;
  readonly norm: Norm<W>;
}

/** Paths of the two parts. */
export interface NormalisedConvolutionNames {
  readonly convolution: string;
  readonly norm: string;
}

/** @param gamma - First value of the norm's gamma. */
export function makeNormalisedConvolution<W>(
  make: MakeWeight<W>,
  names: NormalisedConvolutionNames,
  shape: ConvolutionShape,
  gamma: 0 | 1 = 1,
): NormalisedConvolution<W> {
  return {
    convolution: makeConvolution(make, { name: names.convolution, ...shape }),
    norm: makeNorm(make, { name: names.norm, channels: shape.filters, gamma }),
  };
}

/** @param x - float32 `[N, H, W, inputs]`. @returns float32 `[N, ceil(H / stride), ceil(W / stride), filters]`. */
export function normalisedConvolve(
  { convolution, norm }: NormalisedConvolution<Weight>,
  x: tf.Tensor4D,
  options: ForwardOptions,
  extras: NormaliseExtras = {},
): tf.Tensor4D {
  return normalise(norm, convolve(convolution, x), options, extras);
}
