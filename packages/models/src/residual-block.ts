import { InvalidArgumentError, type Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { dropBlock } from "./drop-block.js";
import type { ForwardOptions } from "./module.js";
import { makeNormalisedConvolution, type NormalisedConvolution, normalisedConvolve } from "./normalised-convolution.js";
import { makeSelectiveKernel, type SelectiveKernel, selectiveKernel } from "./selective-kernel.js";
import { makeShortcut, runShortcut, type Shortcut } from "./shortcut.js";
import { makeSqueezeExcitation, type SqueezeExcitation, squeezeExcite } from "./squeeze-excitation.js";
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
  /** Length of the squeezed vector relative to F; none without it. */
  readonly squeezeExcitation?: number | undefined;
  /** DropBlock after every layer of a bottleneck. */
  readonly drop?: { readonly keepProbability: number; readonly size: number } | undefined;
}

export interface ResidualBlock<W> {
  readonly name: string;
  readonly shortcut: Shortcut<W> | undefined;
  /** Each is followed by a ReLU, but for a selective kernel, which ends in none. */
  readonly main: readonly (NormalisedConvolution<W> | SelectiveKernel<W>)[];
  /** The ReLU comes after the shortcut is added. */
  readonly last: NormalisedConvolution<W>;
  readonly gate: SqueezeExcitation<W> | undefined;
  readonly drop: BlockOptions["drop"];
}

/** Channels that leave a block. */
export function blockOutputs(block: "basic" | "bottleneck", filters: number): number {
  return block === "basic" ? filters : 4 * filters;
}

/** Makes a block's weights, the shortcut's first, as the reference does. */
export function makeResidualBlock<W>(make: MakeWeight<W>, options: BlockOptions): ResidualBlock<W> {
  const { name, block, inputs, filters, stride, useProjection, useSelectiveKernel, squeezeExcitation, drop } = options;
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
  const main =
    block === "basic"
      ? [layer(1, { inputs, filters, size: 3, stride })]
      : [
          layer(1, { inputs, filters, size: 1, stride: 1 }),
          useSelectiveKernel
            ? makeSelectiveKernel(make, { name: `${name}/sk`, inputs: filters, filters, stride })
            : layer(2, { inputs: filters, filters, size: 3, stride }),
        ];
  const last =
    block === "basic"
      ? layer(2, { inputs: filters, filters, size: 3, stride: 1 }, 0)
      : layer(3, { inputs: filters, filters: outputs, size: 1, stride: 1 }, 0);
  const squeezed = squeezeExcitation && Math.max(1, Math.floor(filters * squeezeExcitation));
  const gate = squeezed ? makeSqueezeExcitation(make, { name: `${name}/se`, channels: outputs, squeezed }) : undefined;
  return { name, shortcut, main, last, gate, drop: drop?.keepProbability === 1 ? undefined : drop };
}

/** relu(main(x) + shortcut(x)). @param x - float32 `[N, H, W, inputs]`, >= 0. */
export function runResidualBlock(
  { name, shortcut, main, last, gate, drop }: ResidualBlock<Weight>,
  x: tf.Tensor4D,
  options: ForwardOptions,
): tf.Tensor4D {
  return tf.tidy(() => {
    let place = 0;
    const dropSome = (y: tf.Tensor4D): tf.Tensor4D => {
      if (drop === undefined || !options.training) return y;
      return dropBlock(y, drop.keepProbability, drop.size, randomOf(name, options).fork(name, place++));
    };
    const residual = dropSome(shortcut === undefined ? x : runShortcut(shortcut, x, options));
    let y = x;
    for (const layer of main)
      y = dropSome(
        "mix" in layer
          ? selectiveKernel(layer, y, options)
          : normalisedConvolve(layer, y, options, { activation: "relu" }),
      );
    if (gate === undefined && drop === undefined)
      return normalisedConvolve(last, y, options, { activation: "relu", residual });
    y = dropSome(normalisedConvolve(last, y, options));
    if (gate !== undefined) y = squeezeExcite(gate, y);
    return tf.relu(tf.add(y, residual));
  });
}

function randomOf(name: string, { random }: ForwardOptions) {
  if (random !== undefined) return random;
  throw new InvalidArgumentError(
    `${name}: a training pass with DropBlock needs \`random\` to draw from; received none. Pass \`random\` among the forward options, forked for each step.`,
    { subject: "random", expected: "a Random", received: "undefined" },
  );
}
