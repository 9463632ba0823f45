import { type Augmentation, evaluate, fineTune, recipes } from "@simclr/augment";
import type { Random } from "@simclr/core";
import {
  type ClassifierNetwork,
  classifier,
  classifierNetwork,
  type Encoder,
  hasBottlenecks,
  modelName,
  type ProjectionHead,
  projectionHead,
  type ResNetArchitecture,
  type ResNetDepth,
  resNet,
} from "@simclr/models";
import {
  adamW,
  clipped,
  lars,
  momentumSgd,
  type Optimizer,
  type Schedule,
  torchLars,
  warmupConstant,
  warmupCosine,
  warmupLinear,
} from "@simclr/optim";
import type { Config, LabelledTrainingConfig, PartSpec, TrainingConfig } from "./config/schema.js";
import { type BuiltLoss, buildLoss } from "./plugins/build-loss.js";
import { namedMethod } from "./plugins/build-method.js";
import { namedEncoder, namedHead } from "./plugins/build-own.js";
import { type BuiltRecipe, buildRecipe, inPlace } from "./plugins/build-recipe.js";
import type { Parts } from "./plugins/parts.js";
import { Networks } from "./stages/networks.js";

/** What a student may have otherwise than its teacher. */
export interface Size {
  readonly depth?: ResNetDepth | undefined;
  readonly width?: number | undefined;
  readonly selectiveKernel?: boolean | undefined;
  readonly encoder?: PartSpec | undefined;
}

/** What is built, and of what it can be built. */
export interface Plan {
  readonly config: Config;
  readonly parts: Parts;
}

/** What of a network is not trained. */
export interface Freezing {
  /** -1 for nothing of the encoder. */
  readonly fineTuneAfter: number;
  readonly freezeHead: boolean;
}
const TRAIN_ALL: Freezing = { fineTuneAfter: -1, freezeHead: false };

/** Builds the parts that a config describes. Whoever builds a module or an optimizer disposes it. */

/** The encoder that a config describes, or another one of its kind. */
export function architectureOf({ model, data }: Config, change: Size = {}): ResNetArchitecture {
  const depth = change.depth ?? model.depth;
  return {
    depth,
    widthMultiplier: change.width ?? model.width,
    selectiveKernel: change.selectiveKernel ?? (model.selectiveKernel && hasBottlenecks(depth)),
    squeezeExcitation: model.squeezeExcitation,
    dropBlock: hasBottlenecks(depth) ? model.dropBlock : undefined,
    imageSize: data.imageSize,
    channels: data.channels,
    ...(model.stem !== "auto" && { stem: model.stem }),
  };
}

/** What an encoder is called in tables: `r18_0.25x`, or the name of its definition. */
export function encoderName(encoder: Encoder): string {
  const description = encoder.describe();
  return description.kind === "resnet" ? modelName(description) : description.definition;
}

/** The encoder of a plugin that a config, or a student, names; undefined for a ResNet. */
export function ownEncoder({ model }: Config, change: Size = {}): PartSpec | undefined {
  return change.encoder ?? (change.depth === undefined ? model.encoder : undefined);
}

export function buildEncoder(
  { config, parts }: Plan,
  random: Random,
  change: Size = {},
  freezing = TRAIN_ALL,
): Encoder {
  const own = ownEncoder(config, change);
  if (own !== undefined) {
    const place = change.encoder === undefined ? "model.encoder" : "distill.students";
    const { definition, options } = namedEncoder(own, place, parts);
    const { imageSize, channels } = config.data;
    const isFrozen = freezing.fineTuneAfter === 4;
    return inPlace(place, () =>
      definition.build({ options, imageSize, channels, isFrozen, random: random.fork("encoder") }),
    );
  }
  return resNet({
    ...architectureOf(config, change),
    checkpointing: config.model.checkpointing,
    fineTuneAfter: freezing.fineTuneAfter,
    random: random.fork("encoder"),
  });
}

export function buildHead(
  { config: { model, method }, parts }: Plan,
  encoder: Encoder,
  random: Random,
  { freezeHead } = TRAIN_ALL,
): ProjectionHead {
  const { head } = model;
  const inputDimension = encoder.featureDimension;
  if (head.name !== undefined) {
    const { definition, options } = namedHead(head, "model.head", parts);
    return inPlace("model.head", () =>
      definition.build({ options, inputDimension, isFrozen: freezeHead, random: random.fork("head") }),
    );
  }
  return projectionHead({
    inputDimension,
    layers: head.layers,
    outputDimension: head.dimension,
    isFrozen: freezeHead,
    hiddenDimension: head.hidden,
    outputNorm: namedMethod(method.name, parts).outputNorm,
    random: random.fork("head"),
  });
}

/** An encoder, the first `headLayer` layers of a head and a new classifier, as one network; nothing is left where a part fails. */
export function buildNetwork(
  plan: Plan,
  classCount: number,
  headLayer: number,
  random: Random,
  change: Size = {},
  freezing = TRAIN_ALL,
): ClassifierNetwork {
  const built = new Networks();
  try {
    const encoder = built.own(buildEncoder(plan, random, change, freezing));
    const head = headLayer > 0 ? built.own(buildHead(plan, encoder, random, freezing)) : undefined;
    const inputDimension = head?.dimensionAfter(headLayer) ?? encoder.featureDimension;
    return classifierNetwork({
      encoder,
      head,
      headLayers: headLayer,
      classifier: built.own(classifier({ inputDimension, classCount, random: random.fork("classifier") })),
    });
  } catch (error) {
    built.disposeAll();
    throw error;
  }
}

export function buildOptimizer({ optimizer }: TrainingConfig): Optimizer {
  const { clipNorm } = optimizer;
  const built = unclipped(optimizer);
  return clipNorm === undefined ? built : clipped(built, { maxNorm: clipNorm });
}

function unclipped(settings: TrainingConfig["optimizer"]): Optimizer {
  const { name, momentum, nesterov, weightDecay, trustCoefficient, momentumStyle, groups = [] } = settings;
  const { beta1, beta2, epsilon } = settings;
  switch (name) {
    case "lars":
      return lars({
        momentum,
        nesterov,
        weightDecay,
        trustCoefficient,
        ...(momentumStyle && { momentumStyle }),
        groups,
      });
    case "torch-lars":
      return torchLars({ momentum, nesterov, weightDecay, trustCoefficient, groups });
    case "momentum":
      return momentumSgd({ momentum, nesterov, weightDecay, groups });
    case "adamw":
      return adamW({
        ...(beta1 !== undefined && { beta1 }),
        ...(beta2 !== undefined && { beta2 }),
        ...(epsilon !== undefined && { epsilon }),
        weightDecay,
        groups,
      });
  }
}

const SCHEDULES = { cosine: warmupCosine, linear: warmupLinear, constant: warmupConstant } as const;

export function buildSchedule(training: TrainingConfig, sampleCount: number): Schedule {
  const { batchSize, steps, warmupEpochs, optimizer } = training;
  // floor(images * epochs / batch) + 1 steps, and more than no epochs for the first of them
  const epochs = training.epochs ?? (Math.max(steps! - 1, 0.5) * batchSize) / sampleCount;
  return SCHEDULES[optimizer.schedule ?? "cosine"]({
    learningRate: optimizer.learningRate,
    scaling: optimizer.scaling,
    batchSize,
    sampleCount,
    epochs,
    warmupEpochs,
  });
}

export function pretrainRecipe({ pretrain, data }: Config, parts: Parts): BuiltRecipe {
  const { recipe, strength, area, sampler } = pretrain.augmentation;
  if (typeof recipe !== "string") return buildRecipe(recipe, "pretrain.augmentation.recipe", data.imageSize, parts);
  const options = {
    size: data.imageSize,
    ...(sampler && { sampler }),
    ...(strength !== undefined && { strength }),
    ...(area && { area }),
  };
  return { recipe: recipes[recipe](options), fromPlugins: [] };
}

/** What the student's images go through besides the crop that its teacher sees too; empty where the config names nothing. */
export function studentRecipe({ distill, data }: Config, parts: Parts): BuiltRecipe {
  return buildRecipe(distill?.studentAugmentation ?? [], "distill.studentAugmentation", data.imageSize, parts);
}

/** The loss that stands in for NT-Xent; undefined where none is named. */
export function pretrainLoss({ pretrain }: Config, parts: Parts): BuiltLoss | undefined {
  return pretrain.loss === undefined ? undefined : buildLoss(pretrain.loss, "pretrain.loss", parts);
}

export const fineTuneRecipe = ({ data }: Config, { area }: LabelledTrainingConfig): readonly Augmentation[] =>
  fineTune({ size: data.imageSize, ...(area && { area }) });

export const testRecipe = ({ data }: Config): readonly Augmentation[] => evaluate({ size: data.imageSize });

/** The SHA-256 of the plugins that the config's own network is made of; none for built-in parts. */
export function digestsOfNetwork({ config: { model }, parts }: Plan): readonly string[] {
  const nameOf = (spec: PartSpec): string => (typeof spec === "string" ? spec : spec.name);
  const plugins = [
    model.encoder !== undefined && parts.pluginOf("encoder", nameOf(model.encoder)),
    model.head.name !== undefined && parts.pluginOf("head", model.head.name),
  ];
  return plugins.flatMap((plugin) => (plugin ? [plugin.sha256] : []));
}

/** What of the precision decides a result: nothing of float32, whose results have the names that they had before there was another. */
export const precisionInputs = ({ backend: { precision } }: Config): readonly string[] =>
  precision === "float32" ? [] : [precision];
