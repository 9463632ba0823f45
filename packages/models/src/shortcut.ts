import type { Weight } from "@simclr/core";
import { avgPool } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { ForwardOptions } from "./module.js";
import { makeNormalisedConvolution, type NormalisedConvolution, normalisedConvolve } from "./normalised-convolution.js";
import type { MakeWeight } from "./weight-spec.js";

export interface ShortcutOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  /** Pool, then convolve with stride 1, so that no pixel is skipped; as networks with selective kernels have it. */
  readonly usePooling: boolean;
}

/** The way around the first block of a group, to its number of channels and its resolution. */
export interface Shortcut<W> {
  /** Stride of the average pooling before the convolution; undefined without one. */
  readonly poolStride: number | undefined;
  readonly projection: NormalisedConvolution<W>;
}

export function makeShortcut<W>(make: MakeWeight<W>, options: ShortcutOptions): Shortcut<W> {
  const { name, inputs, outputs, stride, usePooling } = options;
  const names = { convolution: `${name}/conv`, norm: `${name}/norm` };
  const shape = { inputs, filters: outputs, size: 1, stride: usePooling ? 1 : stride };
  return {
    poolStride: usePooling ? stride : undefined,
    projection: makeNormalisedConvolution(make, names, shape),
  };
}

/** @param x - float32 `[N, H, W, inputs]`. @returns float32 `[N, ceil(H / stride), ceil(W / stride), outputs]`. */
export function runShortcut(
  { poolStride, projection }: Shortcut<Weight>,
  x: tf.Tensor4D,
  options: ForwardOptions,
): tf.Tensor4D {
  return tf.tidy(() =>
    normalisedConvolve(projection, poolStride === undefined ? x : poolPairs(x, poolStride), options),
  );
}

/**
 * 2x2 average pooling as the reference has it. With stride 2, zeros after an odd side count as pixels; with stride 1,
 * a window at the last row or column is the mean of the pixels that it has.
 */
function poolPairs(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  if (stride === 1) return avgPool(x, { filterSize: 2, strides: 1, pad: "same" });
  const [, height, width] = x.shape;
  const pad: [number, number][] = [
    [0, 0],
    [0, height % 2],
    [0, width % 2],
    [0, 0],
  ];
  const even = height % 2 === 0 && width % 2 === 0 ? x : (tf.pad(x, pad) as tf.Tensor4D);
  return avgPool(even, { filterSize: 2, strides: 2 });
}
