import type { Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Convolution, convolve, makeConvolution } from "./convolution.js";
import type { ForwardOptions } from "./module.js";
import { makeNormalisedConvolution, type NormalisedConvolution, normalisedConvolve } from "./normalised-convolution.js";
import type { MakeWeight } from "./weight-spec.js";

/** Size of the squeezed vector relative to the filters. */
const SQUEEZE_RATIO = 0.0625;
const LEAST_SQUEEZE = 32;

export interface SelectiveKernelOptions {
  readonly name: string;
  readonly inputs: number;
  /** F: channels of each branch and of the output. */
  readonly filters: number;
  readonly stride: number;
}

/** Two 3x3 convolutions of which each channel takes a blend, chosen by what the image holds. */
export interface SelectiveKernel<W> {
  /** Both branches as one convolution with 2F filters. */
  readonly branches: NormalisedConvolution<W>;
  readonly squeeze: NormalisedConvolution<W>;
  /** To the 2F logits of the blend; no batch norm. */
  readonly mix: Convolution<W>;
}

export function makeSelectiveKernel<W>(make: MakeWeight<W>, options: SelectiveKernelOptions): SelectiveKernel<W> {
  const { name, inputs, filters, stride } = options;
  const squeezed = Math.max(Math.floor(filters * SQUEEZE_RATIO), LEAST_SQUEEZE);
  const pair = (path: string) => ({ convolution: `${name}/${path}conv`, norm: `${name}/${path}norm` });
  return {
    branches: makeNormalisedConvolution(make, pair(""), { inputs, filters: 2 * filters, size: 3, stride }),
    squeeze: makeNormalisedConvolution(make, pair("squeeze/"), {
      inputs: filters,
      filters: squeezed,
      size: 1,
      stride: 1,
    }),
    mix: makeConvolution(make, {
      name: `${name}/mix/conv`,
      inputs: squeezed,
      filters: 2 * filters,
      size: 1,
      stride: 1,
    }),
  };
}

/**
 * Selective-kernel convolution as SimCLRv2 has it: both branches are 3x3 (the paper's second one is a dilated 5x5), and
 * nothing follows the blend.
 *
 * @param x - float32 `[N, H, W, inputs]`.
 * @returns float32 `[N, ceil(H / stride), ceil(W / stride), F]`.
 * @see Li et al. 2019, arXiv:1903.06586, section 3.1
 */
export function selectiveKernel(
  { branches, squeeze, mix }: SelectiveKernel<Weight>,
  x: tf.Tensor4D,
  options: ForwardOptions,
): tf.Tensor4D {
  return tf.tidy(() => {
    const u = normalisedConvolve(branches, x, options, { activation: "relu" }); // [N, H', W', 2F]
    const [u0, u1] = halves(u); // [N, H', W', F]
    const [mean0, mean1] = halves(tf.mean<tf.Tensor4D>(u, [1, 2], true)); // [N, 1, 1, F]
    const z = normalisedConvolve(squeeze, tf.add(mean0, mean1), options, { activation: "relu" }); // [N, 1, 1, d]
    const [m0, m1] = halves(convolve(mix, z)); // [N, 1, 1, F]
    // The softmax over two logits is the logistic function of their difference.
    const a0 = tf.sigmoid(tf.sub(m0, m1)); // [N, 1, 1, F]
    const a1 = tf.sigmoid(tf.sub(m1, m0)); // [N, 1, 1, F]
    return tf.add(tf.mul(u0, a0), tf.mul(u1, a1)); // [N, H', W', F]
  });
}

const halves = (x: tf.Tensor4D) => tf.split(x, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
