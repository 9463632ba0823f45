import { checkShape, InvalidArgumentError, type Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import {
  baseFilters,
  describeResNet,
  type InputNormalisation,
  minimumImageSize,
  RESNET_BLOCKS,
  type ResNetArchitecture,
  type ResNetDescription,
} from "./architecture.js";
import type { Encoder, EncoderOutput } from "./encoder.js";
import type { ForwardOptions } from "./module.js";
import { blockOutputs, makeResidualBlock, type ResidualBlock, runResidualBlock } from "./residual-block.js";
import { makeStem, runStem, type StemLayers } from "./stem.js";
import {
  disposeWeights,
  listSpecs,
  type MakeWeight,
  type WeightSource,
  type WeightSpec,
  weightMaker,
} from "./weight-spec.js";

export interface ResNetOptions extends ResNetArchitecture {
  /** Each weight is drawn from `random.fork(name of the weight)`. */
  readonly random: WeightSource;
}

interface ResNetLayers<W> {
  readonly stem: StemLayers<W>;
  readonly groups: readonly (readonly ResidualBlock<W>[])[];
}

/**
 * A residual network as SimCLRv2 has it: no biases, ReLU after batch norm, a projection shortcut in the first block
 * of every group (but see `ResNetVariant`), and the gamma of every block's last batch norm starting at 0; with selective
 * kernels on request.
 *
 * @returns An encoder that owns its weights: dispose it.
 * @throws InvalidArgumentError for an unknown depth or stem, a width without whole channel counts, or a bad size.
 * @see He et al. 2015, arXiv:1512.03385; Chen et al. 2020, arXiv:2006.10029
 */
export function resNet({ random, ...architecture }: ResNetOptions): Encoder {
  const description = describeResNet(architecture);
  const { name, channels } = description;
  const { make, weights } = weightMaker(random);
  const layers = makeLayers(make, description);
  const minimumSize = minimumImageSize(description.stem);
  return {
    name,
    weights,
    featureDimension: resNetFeatureDimension(description),
    input: { channels, minimumSize },
    forward(images, options) {
      checkImages(name, images, channels, minimumSize);
      return tf.tidy(() => run(layers, description, images, options));
    },
    describe: () => description,
    dispose: () => disposeWeights(weights),
  };
}

/** Names, roles and shapes of a ResNet's weights, without making them. */
export function resNetWeightSpecs(architecture: ResNetArchitecture): WeightSpec[] {
  return listSpecs((make) => makeLayers(make, describeResNet(architecture)));
}

/** D, the length of a representation: 512 (basic blocks) or 2048 (bottlenecks) times the width multiplier. */
export function resNetFeatureDimension(architecture: ResNetArchitecture): number {
  const description = describeResNet(architecture);
  return blockOutputs(RESNET_BLOCKS[description.depth].block, 8 * baseFilters(description));
}

function makeLayers<W>(make: MakeWeight<W>, description: ResNetDescription): ResNetLayers<W> {
  const { name, depth, channels, selectiveKernel, variant } = description;
  const base = baseFilters(description);
  const stem = makeStem(make, {
    name: `${name}/stem`,
    stem: description.stem,
    channels,
    filters: base,
    isDeep: selectiveKernel,
    // TensorFlow's SAME pads an even input by 0 before and 1 after, where PyTorch's networks pad 1 and 1.
    poolPadding: variant === "torchvision" ? 1 : "same",
  });
  const { block, counts } = RESNET_BLOCKS[depth];
  let inputs = base;
  const groups = counts.map((count, group) => {
    const filters = base * 2 ** group;
    return Array.from({ length: count }, (_, index) => {
      const isFirst = index === 0;
      const made = makeResidualBlock(make, {
        name: `${name}/group${group + 1}/block${index}`,
        block,
        inputs,
        filters,
        stride: isFirst && group > 0 ? 2 : 1,
        useProjection: isFirst && (variant !== "torchvision" || group > 0 || block === "bottleneck"),
        useSelectiveKernel: selectiveKernel,
      });
      inputs = blockOutputs(block, filters);
      return made;
    });
  });
  return { stem, groups };
}

function run(
  { stem, groups }: ResNetLayers<Weight>,
  { normalisation }: ResNetDescription,
  images: tf.Tensor4D,
  options: ForwardOptions,
): EncoderOutput {
  const inputs = normalisation === undefined ? images : normaliseImages(images, normalisation);
  const { convolution: initialConvolution, output: initialMaxPool } = runStem(stem, inputs, options);
  let x = initialMaxPool; // [N, H', W', 64w]
  const outputs = groups.map((blocks) => {
    for (const block of blocks) x = runResidualBlock(block, x, options);
    return x; // [N, H', W', F] or [N, H', W', 4F]
  });
  const pooled = tf.mean<tf.Tensor2D>(x, [1, 2]); // [N, D]
  const [group1, group2, group3, group4] = outputs as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  return {
    pooled,
    endpoints: {
      initial_conv: initialConvolution,
      initial_max_pool: initialMaxPool,
      block_group1: group1,
      block_group2: group2,
      block_group3: group3,
      block_group4: group4,
      final_avg_pool: pooled,
    },
  };
}

/** @param images - float32 `[N, H, W, C]`. @returns (images - mean) / deviation. */
function normaliseImages(images: tf.Tensor4D, { mean, deviation }: InputNormalisation): tf.Tensor4D {
  return tf.div(tf.sub(images, tf.tensor1d([...mean], "float32")), tf.tensor1d([...deviation], "float32"));
}

function checkImages(name: string, images: tf.Tensor4D, channels: number, minimumSize: number): void {
  checkShape(name, { images }, [null, null, null, channels], `The encoder was built for ${channels} channels, NHWC.`);
  const [, height, width] = images.shape;
  if (Math.min(height, width) >= minimumSize) return;
  const expected = `${minimumSize} x ${minimumSize} pixels or more`;
  const received = `${height} x ${width}`;
  throw new InvalidArgumentError(
    `${name}: \`images\` must have ${expected}; received ${received}. Enlarge them${minimumSize > 8 ? ', or build the encoder with stem "cifar"' : ""}.`,
    { subject: "images", expected, received },
  );
}
