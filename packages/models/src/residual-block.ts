import type { Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Convolution, convolve, makeConvolution } from "./convolution.js";
import type { ForwardOptions } from "./module.js";
import { makeNorm, type Norm, normalise } from "./norm.js";
import type { MakeWeight } from "./weight-spec.js";

export interface BlockOptions {
  readonly name: string;
  readonly block: "basic" | "bottleneck";
  readonly inputs: number;
  /** F: filters of the 3x3 convolutions. */
  readonly filters: number;
  readonly stride: number;
  /** Whether the shortcut is a 1x1 convolution, as in the first block of every group. */
  readonly useProjection: boolean;
}

/** A convolution and the batch norm behind it. */
interface NormalisedConvolution<W> {
  readonly convolution: Convolution<W>;
  readonly norm: Norm<W>;
}

export interface ResidualBlock<W> {
  readonly shortcut: NormalisedConvolution<W> | undefined;
  /** All but the last are followed by a ReLU; the ReLU of the last comes after the shortcut is added. */
  readonly main: readonly NormalisedConvolution<W>[];
}

/** Channels that leave a block. */
export function blockOutputs(block: "basic" | "bottleneck", filters: number): number {
  return block === "basic" ? filters : 4 * filters;
}

/** Makes a block's weights, the shortcut's first, as the reference does. */
export function makeResidualBlock<W>(make: MakeWeight<W>, options: BlockOptions): ResidualBlock<W> {
  const { name, block, inputs, filters, stride, useProjection } = options;
  const outputs = blockOutputs(block, filters);
  const pair = (
    convolutionName: string,
    normName: string,
    shape: { inputs: number; filters: number; size: number; stride: number },
    gamma: 0 | 1 = 1,
  ): NormalisedConvolution<W> => ({
    convolution: makeConvolution(make, { name: `${name}/${convolutionName}`, ...shape }),
    norm: makeNorm(make, { name: `${name}/${normName}`, channels: shape.filters, gamma }),
  });
  const shortcut = useProjection
    ? pair("shortcut/conv", "shortcut/norm", { inputs, filters: outputs, size: 1, stride })
    : undefined;
  const main =
    block === "basic"
      ? [
          pair("conv1", "norm1", { inputs, filters, size: 3, stride }),
          pair("conv2", "norm2", { inputs: filters, filters, size: 3, stride: 1 }, 0),
        ]
      : [
          pair("conv1", "norm1", { inputs, filters, size: 1, stride: 1 }),
          pair("conv2", "norm2", { inputs: filters, filters, size: 3, stride }),
          pair("conv3", "norm3", { inputs: filters, filters: outputs, size: 1, stride: 1 }, 0),
        ];
  return { shortcut, main };
}

/** relu(main(x) + shortcut(x)). @param x - float32 `[N, H, W, inputs]`, >= 0. */
export function runResidualBlock(
  { shortcut, main }: ResidualBlock<Weight>,
  x: tf.Tensor4D,
  options: ForwardOptions,
): tf.Tensor4D {
  return tf.tidy(() => {
    const residual = shortcut === undefined ? x : normalise(shortcut.norm, convolve(shortcut.convolution, x), options);
    return main.reduce((y, { convolution, norm }, i) => {
      const isLast = i === main.length - 1;
      return normalise(norm, convolve(convolution, y), options, { activation: "relu", ...(isLast && { residual }) });
    }, x);
  });
}
