import type { Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Stem } from "./architecture.js";
import { convolve } from "./convolution.js";
import type { ForwardOptions } from "./module.js";
import { normalise } from "./norm.js";
import { makeNormalisedConvolution, type NormalisedConvolution, normalisedConvolve } from "./normalised-convolution.js";
import type { MakeWeight } from "./weight-spec.js";

export interface StemOptions {
  readonly name: string;
  readonly stem: Stem;
  /** Channels of the images. */
  readonly channels: number;
  readonly filters: number;
  /** Three 3x3 convolutions in place of the 7x7, as ResNet-D has it; without effect on the CIFAR stem. */
  readonly isDeep: boolean;
  /** Of the max-pooling. */
  readonly poolPadding: "same" | 1;
}

/** What turns images into the input of group 1. */
export interface StemLayers<W> {
  /** Each is followed by a ReLU. */
  readonly convolutions: readonly NormalisedConvolution<W>[];
  /** Of the 3x3 max-pooling of stride 2 that comes last; undefined without one. */
  readonly poolPadding: "same" | 1 | undefined;
}

export function makeStem<W>(make: MakeWeight<W>, options: StemOptions): StemLayers<W> {
  const { name, stem, channels, filters, isDeep, poolPadding } = options;
  const layer = (suffix: string, shape: { inputs: number; filters: number; size: number; stride: number }) =>
    makeNormalisedConvolution(make, { convolution: `${name}/conv${suffix}`, norm: `${name}/norm${suffix}` }, shape);
  if (stem === "cifar") {
    const only = layer("", { inputs: channels, filters, size: 3, stride: 1 });
    return { convolutions: [only], poolPadding: undefined };
  }
  if (!isDeep) return { convolutions: [layer("", { inputs: channels, filters, size: 7, stride: 2 })], poolPadding };
  const half = Math.floor(filters / 2);
  return {
    convolutions: [
      layer("1", { inputs: channels, filters: half, size: 3, stride: 2 }),
      layer("2", { inputs: half, filters: half, size: 3, stride: 1 }),
      layer("3", { inputs: half, filters, size: 3, stride: 1 }),
    ],
    poolPadding,
  };
}

/** @param images - float32 `[N, H, W, channels]`. @returns What leaves the last convolution, `[N, H', W', filters]`. */
export function runStemConvolutions(
  { convolutions }: StemLayers<Weight>,
  images: tf.Tensor4D,
  options: ForwardOptions,
): tf.Tensor4D {
  return tf.tidy(() => {
    let x = images;
    for (const layer of convolutions.slice(0, -1)) x = normalisedConvolve(layer, x, options, { activation: "relu" });
    return convolve(convolutions.at(-1)!.convolution, x);
  });
}

/** @param convolution - What left the last convolution. @returns The input of group 1, float32 `[N, H'', W'', filters]`. */
export function finishStem(
  { convolutions, poolPadding }: StemLayers<Weight>,
  convolution: tf.Tensor4D,
  options: ForwardOptions,
): tf.Tensor4D {
  return tf.tidy(() => {
    const normalised = normalise(convolutions.at(-1)!.norm, convolution, options, { activation: "relu" });
    return poolPadding === undefined ? normalised : tf.maxPool(normalised, 3, 2, poolPadding);
  });
}
