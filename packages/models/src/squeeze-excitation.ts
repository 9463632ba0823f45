import type { Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Convolution, convolve, makeConvolution } from "./convolution.js";
import type { MakeWeight } from "./weight-spec.js";

interface BiasedConvolution<W> {
  readonly convolution: Convolution<W>;
  readonly bias: W;
}

/** A gate for each channel, chosen by what the image holds. */
export interface SqueezeExcitation<W> {
  readonly reduce: BiasedConvolution<W>;
  readonly expand: BiasedConvolution<W>;
}

export interface SqueezeExcitationOptions {
  readonly name: string;
  /** Channels of what is gated. */
  readonly channels: number;
  /** Length of the vector in between. */
  readonly squeezed: number;
}

export function makeSqueezeExcitation<W>(
  make: MakeWeight<W>,
  { name, channels, squeezed }: SqueezeExcitationOptions,
): SqueezeExcitation<W> {
  const layer = (part: string, inputs: number, filters: number): BiasedConvolution<W> => ({
    convolution: makeConvolution(make, { name: `${name}/${part}`, inputs, filters, size: 1, stride: 1 }),
    bias: make({ name: `${name}/${part}/bias`, role: "bias", shape: [filters] }, { kind: "constant", value: 0 }),
  });
  return { reduce: layer("reduce", channels, squeezed), expand: layer("expand", squeezed, channels) };
}

/**
 * x * sigmoid(expand(relu(reduce(mean of x over the image))))
 *
 * @param x - float32 `[N, H, W, C]`. @returns the same shape.
 * @see Hu et al. 2017, arXiv:1709.01507
 */
export function squeezeExcite({ reduce, expand }: SqueezeExcitation<Weight>, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const run = ({ convolution, bias }: BiasedConvolution<Weight>, v: tf.Tensor4D): tf.Tensor4D =>
      tf.add(convolve(convolution, v), bias.variable);
    const mean = tf.mean<tf.Tensor4D>(x, [1, 2], true); // [N, 1, 1, C]
    return tf.mul(x, tf.sigmoid(run(expand, tf.relu(run(reduce, mean))))); // [N, H, W, C]
  });
}
