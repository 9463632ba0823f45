import type { Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { ForwardOptions } from "./module.js";
import { makeNormalisedConvolution, type NormalisedConvolution, normalisedConvolve } from "./normalised-convolution.js";
import { makeSelectiveKernel, type SelectiveKernel, selectiveKernel } from "./selective-kernel.js";
import { makeShortcut, runShortcut, type Shortcut } from "./shortcut.js";
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
  /** Selective kernels in place of the 3x3 convolution, and ResNet-D's shortcut; bottlenecks only. */
  readonly useSelectiveKernel: boolean;
}

export interface ResidualBlock<W> {
  readonly shortcut: Shortcut<W> | undefined;
  /** Each is followed by a ReLU, but for a selective kernel, which ends in none. */
  readonly main: readonly (NormalisedConvolution<W> | SelectiveKernel<W>)[];
  /** The ReLU comes after the shortcut is added. */
  readonly last: NormalisedConvolution<W>;
}

/** Channels that leave a block. */
export function blockOutputs(block: "basic" | "bottleneck", filters: number): number {
  return block === "basic" ? filters : 4 * filters;
}

/** Makes a block's weights, the shortcut's first, as the reference does. */
export function makeResidualBlock<W>(make: MakeWeight<W>, options: BlockOptions): ResidualBlock<W> {
  const { name, block, inputs, filters, stride, useProjection, useSelectiveKernel } = options;
  const outputs = blockOutputs(block, filters);
  const layer = (
    index: number,
    shape: { inputs: number; filters: number; size: number; stride: number },
    gamma: 0 | 1 = 1,
  ) => {
    const names = { convolution: `${name}/conv${index}`, norm: `${name}/norm${index}` };
    return makeNormalisedConvolution(make, names, shape, gamma);
  };
  const shortcut = useProjection
    ? makeShortcut(make, { name: `${name}/shortcut`, inputs, outputs, stride, usePooling: useSelectiveKernel })
    : undefined;
  if (block === "basic")
    return {
      shortcut,
      main: [layer(1, { inputs, filters, size: 3, stride })],
      last: layer(2, { inputs: filters, filters, size: 3, stride: 1 }, 0),
    };
  return {
    shortcut,
    main: [
      layer(1, { inputs, filters, size: 1, stride: 1 }),
      useSelectiveKernel
        ? makeSelectiveKernel(make, { name: `${name}/sk`, inputs: filters, filters, stride })
        : layer(2, { inputs: filters, filters, size: 3, stride }),
    ],
    last: layer(3, { inputs: filters, filters: outputs, size: 1, stride: 1 }, 0),
  };
}

/** relu(main(x) + shortcut(x)). @param x - float32 `[N, H, W, inputs]`, >= 0. */
export function runResidualBlock(
  { shortcut, main, last }: ResidualBlock<Weight>,
  x: tf.Tensor4D,
  options: ForwardOptions,
): tf.Tensor4D {
  return tf.tidy(() => {
    const residual = shortcut === undefined ? x : runShortcut(shortcut, x, options);
    let y = x;
    for (const layer of main)
      y =
        "mix" in layer
          ? selectiveKernel(layer, y, options)
          : normalisedConvolve(layer, y, options, { activation: "relu" });
    return normalisedConvolve(last, y, options, { activation: "relu", residual });
  });
}
