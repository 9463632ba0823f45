import type { Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { MakeWeight } from "./weight-spec.js";

export interface ConvolutionShape {
  readonly inputs: number;
  readonly filters: number;
  /** Height and width of the kernel, odd. */
  readonly size: number;
  readonly stride: number;
}

export interface ConvolutionOptions extends ConvolutionShape {
  readonly name: string;
}

/** A convolution without bias. */
export interface Convolution<W> {
  readonly kernel: W;
  readonly size: number;
  readonly stride: number;
}

export function makeConvolution<W>(make: MakeWeight<W>, options: ConvolutionOptions): Convolution<W> {
  const { name, inputs, filters, size, stride } = options;
  const kernel = make(
    { name: `${name}/kernel`, role: "kernel", shape: [size, size, inputs, filters] },
    { kind: "variance-scaling", fanIn: size * size * inputs },
  );
  return { kernel, size, stride };
}

/**
 * Padding of the reference: SAME for stride 1; for stride > 1, size - 1 zeros in all, floor((size - 1) / 2) of them
 * before, whatever the input's size (TensorFlow's SAME would pad 3x3/2 by 0 + 1 on even inputs).
 */
export function convolutionPadding(size: number, stride: number): "same" | "valid" | tf.backend_util.ExplicitPadding {
  if (stride === 1) return "same";
  if (size === 1) return "valid";
  const before = Math.floor((size - 1) / 2);
  const sides: [number, number] = [before, size - 1 - before];
  return [[0, 0], sides, sides, [0, 0]];
}

/** @param x - float32 `[N, H, W, inputs]`. @returns float32 `[N, ceil(H / stride), ceil(W / stride), filters]`. */
export function convolve(layer: Convolution<Weight>, x: tf.Tensor4D): tf.Tensor4D {
  const { kernel, size, stride } = layer;
  return tf.conv2d(x, kernel.variable as tf.Tensor as tf.Tensor4D, stride, convolutionPadding(size, stride));
}
