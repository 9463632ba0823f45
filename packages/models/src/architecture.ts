import { checkChoice, checkInteger, checkPositive, InvalidArgumentError } from "@simclr/core";
import { checkDropBlock, type DropBlockSettings } from "./drop-block.js";

export type ResNetDepth = 18 | 34 | 50 | 101 | 152 | 200;
/**
 * `cifar`: 3x3, no pooling; `imagenet`: 7x7 of stride 2 (with selective kernels three 3x3, the first of stride 2), then
 * 3x3 max-pooling of stride 2.
 */
export type Stem = "cifar" | "imagenet";

/**
 * `simclr`: as the official code, with TensorFlow's max-pooling grid and a projection shortcut in every group's first
 * block. `torchvision`: as torchvision and timm, whose max-pooling pads 1 on every side and whose basic blocks of group 1
 * have no projection. All convolutions are the same in both.
 */
export type ResNetVariant = "simclr" | "torchvision";

/** Mean and deviation that each channel of the images is normalised with, inside the network. */
export interface InputNormalisation {
  /** One number for each channel, in the unit of the images, [0, 1]. */
  readonly mean: readonly number[];
  /** One number > 0 for each channel. */
  readonly deviation: readonly number[];
}

/** Largest image size for which the CIFAR stem is chosen. */
const LARGEST_CIFAR_SIZE = 32;
/** Filters of the stem and of group 1 at width multiplier 1. */
const BASE_FILTERS = 64;
const STEMS: readonly Stem[] = ["cifar", "imagenet"];
const VARIANTS: readonly ResNetVariant[] = ["simclr", "torchvision"];

/** Block type and number of blocks in each of the four groups. */
export const RESNET_BLOCKS = {
  18: { block: "basic", counts: [2, 2, 2, 2] },
  34: { block: "basic", counts: [3, 4, 6, 3] },
  50: { block: "bottleneck", counts: [3, 4, 6, 3] },
  101: { block: "bottleneck", counts: [3, 4, 23, 3] },
  152: { block: "bottleneck", counts: [3, 8, 36, 3] },
  200: { block: "bottleneck", counts: [3, 24, 36, 3] },
} as const satisfies Record<ResNetDepth, { block: "basic" | "bottleneck"; counts: readonly number[] }>;

const BOTTLENECK_DEPTHS = Object.entries(RESNET_BLOCKS)
  .filter(([, { block }]) => block === "bottleneck")
  .map(([depth]) => depth)
  .join(", ");

/** What a ResNet encoder is; plain JSON, enough to build it again. */
export interface ResNetDescription {
  readonly kind: "resnet";
  readonly depth: ResNetDepth;
  readonly widthMultiplier: number;
  readonly stem: Stem;
  /** Channels of the images. */
  readonly channels: number;
  readonly selectiveKernel: boolean;
  /** None where absent. */
  readonly squeezeExcitation?: number | undefined;
  /** None where absent. */
  readonly dropBlock?: DropBlockSettings | undefined;
  /** "simclr" where absent. */
  readonly variant?: ResNetVariant | undefined;
  /** Images are used as they are where absent. */
  readonly normalisation?: InputNormalisation | undefined;
  /** First part of every weight's name. */
  readonly name: string;
}

export interface ResNetArchitecture {
  readonly depth: ResNetDepth;
  /** Multiplies all channel counts; must give whole numbers. @defaultValue 1 */
  readonly widthMultiplier?: number | undefined;
  /** Selective kernels, with the stem and the shortcuts of ResNet-D; depth 50 and more. @defaultValue false */
  readonly selectiveKernel?: boolean | undefined;
  /** A gate for every channel at the end of each block, squeezed to this share of the filters, > 0. @defaultValue none */
  readonly squeezeExcitation?: number | undefined;
  /** Drops squares of activations in training; depth 50 and more. @defaultValue none */
  readonly dropBlock?: DropBlockSettings | undefined;
  /** @defaultValue "cifar" if `imageSize` is at most 32, else "imagenet" */
  readonly stem?: Stem | undefined;
  /** Height and width of the images, in pixels; chooses the stem where none is given. */
  readonly imageSize?: number | undefined;
  /** Channels of the images. @defaultValue 3 */
  readonly channels?: number | undefined;
  /** @defaultValue "simclr" */
  readonly variant?: ResNetVariant | undefined;
  /** For imported networks that were trained on normalised images. @defaultValue none */
  readonly normalisation?: InputNormalisation | undefined;
  /** First part of every weight's name. @defaultValue "encoder" */
  readonly name?: string | undefined;
}

/**
 * Checks an architecture and fills in its defaults.
 *
 * @throws InvalidArgumentError for an unknown depth or stem, a width without whole channel counts, or a bad size.
 */
export function describeResNet(architecture: ResNetArchitecture): ResNetDescription {
  const { depth, widthMultiplier = 1, selectiveKernel = false, imageSize, channels = 3 } = architecture;
  const { variant = "simclr", normalisation, name = "encoder", squeezeExcitation, dropBlock } = architecture;
  if (!Object.hasOwn(RESNET_BLOCKS, depth)) {
    const expected = Object.keys(RESNET_BLOCKS).join(", ");
    throw new InvalidArgumentError(`resNet: \`depth\` must be one of ${expected}; received ${String(depth)}.`, {
      subject: "depth",
      expected,
      received: String(depth),
    });
  }
  checkPositive("resNet", { widthMultiplier });
  if (!Number.isInteger(BASE_FILTERS * widthMultiplier))
    throw new InvalidArgumentError(
      `resNet: \`widthMultiplier\` must give whole channel counts, so ${BASE_FILTERS} times it must be an integer; ` +
        `received ${widthMultiplier}, which gives ${BASE_FILTERS * widthMultiplier}. Use a multiple of 1/${BASE_FILTERS}, such as 0.25.`,
      { subject: "widthMultiplier", expected: `a multiple of 1/${BASE_FILTERS}`, received: String(widthMultiplier) },
    );
  if (selectiveKernel && !hasBottlenecks(depth))
    refuseBasicBlocks("selective kernels", "They replace the 3x3 convolution of a bottleneck", depth);
  if (squeezeExcitation !== undefined) checkPositive("resNet", { squeezeExcitation });
  if (dropBlock !== undefined) {
    checkDropBlock("resNet", dropBlock);
    if (!hasBottlenecks(depth)) refuseBasicBlocks("DropBlock", "It drops between the layers of a bottleneck", depth);
  }
  checkInteger("resNet", { channels }, 1);
  if (imageSize !== undefined) checkInteger("resNet", { imageSize }, 1);
  const stem = architecture.stem ?? ((imageSize ?? Infinity) <= LARGEST_CIFAR_SIZE ? "cifar" : "imagenet");
  checkChoice("resNet", { stem }, STEMS);
  if (selectiveKernel && stem === "imagenet" && BASE_FILTERS * widthMultiplier < 2)
    throw new InvalidArgumentError(
      `resNet: \`widthMultiplier\` must be 1/32 or more with selective kernels; received ${widthMultiplier}. Their ImageNet stem begins with half as many filters as group 1 has.`,
      { subject: "widthMultiplier", expected: ">= 1/32", received: String(widthMultiplier) },
    );
  const minimum = minimumImageSize(stem);
  if (imageSize !== undefined)
    checkInteger("resNet", { imageSize }, minimum, `The ${stem} stem reduces images ${minimum} times.`);
  checkChoice("resNet", { variant }, VARIANTS);
  if (normalisation !== undefined) checkNormalisation(normalisation, channels);
  return {
    kind: "resnet",
    depth,
    widthMultiplier,
    stem,
    channels,
    selectiveKernel,
    ...(squeezeExcitation && { squeezeExcitation }),
    ...(dropBlock && { dropBlock }),
    ...(variant !== "simclr" && { variant }),
    ...(normalisation && { normalisation }),
    name,
  };
}

function checkNormalisation({ mean, deviation }: InputNormalisation, channels: number): void {
  const fits =
    [mean, deviation].every((values) => values.length === channels && values.every(Number.isFinite)) &&
    deviation.every((value) => value > 0);
  if (fits) return;
  const expected = `${channels} finite means and ${channels} deviations > 0`;
  const received = JSON.stringify({ mean, deviation });
  throw new InvalidArgumentError(
    `resNet: \`normalisation\` must hold ${expected}; received ${received}. Give one of each for every channel.`,
    { subject: "normalisation", expected, received },
  );
}

function refuseBasicBlocks(what: string, why: string, depth: ResNetDepth): never {
  throw new InvalidArgumentError(
    `resNet: \`depth\` must be ${BOTTLENECK_DEPTHS} with ${what}; received ${depth}. ${why}, and ResNet-${depth} has ` +
      `basic blocks. Take a deeper network, or leave ${what} out.`,
    { subject: "depth", expected: BOTTLENECK_DEPTHS, received: String(depth) },
  );
}

/** Whether a depth has bottleneck blocks, the only ones with a place for selective kernels. */
export function hasBottlenecks(depth: ResNetDepth): boolean {
  return RESNET_BLOCKS[depth].block === "bottleneck";
}

/** Product of all strides: a smaller image would end as less than one pixel. */
export function minimumImageSize(stem: Stem): number {
  return stem === "cifar" ? 8 : 32;
}

/** Filters of the stem and of group 1; those of the other groups are 2, 4 and 8 times as many. */
export function baseFilters({ widthMultiplier }: ResNetDescription): number {
  return BASE_FILTERS * widthMultiplier;
}
