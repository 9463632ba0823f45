import { checkInRange, checkInteger, checkShape, InvalidArgumentError, type Weight } from "@simclr/core";
import { recompute, stopGradient } from "@simclr/ops";
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
import type { Encoder, EncoderOutput, ResNetEndpoint } from "./encoder.js";
import type { ForwardOptions } from "./module.js";
import { makeResNetLayers, type ResNetLayers } from "./res-net-layers.js";
import { blockOutputs, type ResidualBlock, runResidualBlock } from "./residual-block.js";
import { finishStem, runStemConvolutions } from "./stem.js";
import { disposeWeights, listSpecs, type WeightSource, type WeightSpec, weightMaker } from "./weight-spec.js";

/** How much of the backward pass runs the forward pass again, to save memory: nothing, block by block, or by groups. */
export type Checkpointing = "none" | "block" | "group";

export interface ResNetOptions extends ResNetArchitecture {
  /** Each weight is drawn from `random.fork(name of the weight)`. */
  readonly random: WeightSource;
  /**
   * Training starts after the stem (0) or after this group (1 to 4; 4 trains nothing of the encoder); -1 trains all. What
   * comes before is frozen: its variables are not trainable, and even in training it uses its running statistics, does
   * not move them, and passes no gradient on.
   *
   * @defaultValue -1
   * @see `fine_tune_after_block` of the official code
   */
  readonly fineTuneAfter?: number | undefined;
  /** What is kept for the backward pass: all ("none"), or the input of each block or group. @defaultValue "none" */
  readonly checkpointing?: Checkpointing | undefined;
}

/** An encoder with the endpoints of the reference. */
export interface ResNet extends Encoder<ResNetEndpoint> {
  describe(): ResNetDescription;
  twin(name: string, random: WeightSource): ResNet;
}

/** Groups of blocks in every ResNet. */
const GROUP_COUNT = 4;
const ENDPOINTS: readonly ResNetEndpoint[] = [
  "initial_conv",
  "initial_max_pool",
  "block_group1",
  "block_group2",
  "block_group3",
  "block_group4",
  "final_avg_pool",
];

/**
 * A residual network as SimCLRv2 has it: no biases, ReLU after batch norm, a projection shortcut in the first block
 * of every group (but see `ResNetVariant`), and the gamma of every block's last batch norm starting at 0; with selective
 * kernels on request.
 *
 * @returns An encoder that owns its weights: dispose it.
 * @throws InvalidArgumentError for an unknown depth or stem, a width without whole channel counts, or a bad size.
 * @see He et al. 2015, arXiv:1512.03385; Chen et al. 2020, arXiv:2006.10029
 */
export function resNet(options: ResNetOptions): ResNet {
  const { random, fineTuneAfter = -1, checkpointing = "none", ...architecture } = options;
  const description = describeResNet(architecture);
  checkInteger("resNet", { fineTuneAfter }, -1);
  checkInRange("resNet", { fineTuneAfter }, -1, GROUP_COUNT, "4 freezes the whole encoder.");
  const { name, channels } = description;
  const { make, weights } = weightMaker(random, (weight) => stageOf(weight.slice(name.length + 1)) <= fineTuneAfter);
  const layers = makeResNetLayers(make, description);
  const minimumSize = minimumImageSize(description.stem);
  const plan = { layers, weights, description, fineTuneAfter, checkpointing };
  return {
    name,
    weights,
    featureDimension: resNetFeatureDimension(description),
    input: { channels, minimumSize },
    endpoints: ENDPOINTS,
    forward(images, forwardOptions) {
      checkImages(name, images, channels, minimumSize);
      return tf.tidy(() => run(plan, images, forwardOptions));
    },
    describe: () => description,
    twin: (twinName, twinRandom) => resNet({ ...options, name: twinName, random: twinRandom }),
    dispose: () => disposeWeights(weights),
  };
}

/** Names, roles and shapes of a ResNet's weights, without making them. */
export function resNetWeightSpecs(architecture: ResNetArchitecture): WeightSpec[] {
  return listSpecs((make) => makeResNetLayers(make, describeResNet(architecture)));
}

/** D, the length of a representation: 512 (basic blocks) or 2048 (bottlenecks) times the width multiplier. */
export function resNetFeatureDimension(architecture: ResNetArchitecture): number {
  const description = describeResNet(architecture);
  return blockOutputs(RESNET_BLOCKS[description.depth].block, 8 * baseFilters(description));
}

/** 0 for the stem, 1 to 4 for a group. @param path - Of a weight or a block, without the encoder's name. */
function stageOf(path: string): number {
  return path.startsWith("stem/") ? 0 : Number(/^group(\d)/.exec(path)![1]);
}

interface Plan {
  readonly layers: ResNetLayers<Weight>;
  readonly weights: readonly Weight[];
  readonly description: ResNetDescription;
  readonly fineTuneAfter: number;
  readonly checkpointing: Checkpointing;
}

function run(plan: Plan, images: tf.Tensor4D, options: ForwardOptions): EncoderOutput<ResNetEndpoint> {
  const { layers, description, fineTuneAfter } = plan;
  const { normalisation } = description;
  const { training } = options;
  /** Runs a part of a stage; a frozen one leaves no trace. */
  const stage = (index: number, f: (x: tf.Tensor4D, options: ForwardOptions) => tf.Tensor4D, x: tf.Tensor4D) =>
    training && index <= fineTuneAfter ? stopGradient((v) => f(v, { training: false }), x) : f(x, options);
  const inputs = normalisation === undefined ? images : normaliseImages(images, normalisation);
  const initialConvolution = stage(0, (x, o) => runStemConvolutions(layers.stem, x, o), inputs); // [N, H', W', 64w]
  const initialMaxPool = stage(0, (x, o) => finishStem(layers.stem, x, o), initialConvolution); // [N, H'', W'', 64w]
  let x = initialMaxPool;
  const outputs = layers.groups.map((blocks, group) => {
    x = stage(group + 1, (v, o) => runGroup(plan, blocks, v, o), x);
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

/** Blocks one after the other; of what is inside the group only its result outlives the call, and what the tape needs. */
function runGroup(
  { checkpointing, weights }: Plan,
  blocks: readonly ResidualBlock<Weight>[],
  input: tf.Tensor4D,
  options: ForwardOptions,
): tf.Tensor4D {
  const runBlocks = (some: readonly ResidualBlock<Weight>[], x: tf.Tensor4D, o: ForwardOptions): tf.Tensor4D =>
    some.reduce((y, block) => runResidualBlock(block, y, o), x);
  if (checkpointing === "none" || !options.training) return tf.tidy(() => runBlocks(blocks, input, options));
  const segments = checkpointing === "group" ? [blocks] : blocks.map((block) => [block]);
  const again = { ...options, statistics: undefined }; // running statistics move once
  return tf.tidy(() =>
    segments.reduce((x, segment) => {
      const inSegment = ({ name }: Weight): boolean => segment.some((block) => name.startsWith(`${block.name}/`));
      const variables = weights.filter((weight) => weight.role !== "statistic" && inSegment(weight));
      return recompute(
        (v: tf.Tensor4D, isAgain) => runBlocks(segment, v, isAgain ? again : options),
        x,
        variables.map(({ variable }) => variable),
      );
    }, input),
  );
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
