import {
  type Checkpointing,
  type CountedPart,
  headParameters,
  type MemoryPlan,
  modelName,
  parseModelName,
  planMemory,
  resNetCost,
  resNetFeatureDimension,
} from "@simclr/models";
import { HOST_COPIES, PROGRAM } from "./memory/check-memory.js";

export interface ModelSummaryOptions {
  /** Side of the images, in pixels. @defaultValue 224 */
  readonly imageSize?: number | undefined;
  /** Images in a batch; SimCLR encodes two views of each. @defaultValue 64 */
  readonly batchSize?: number | undefined;
  /** Layers of the projection head. @defaultValue 3 */
  readonly headLayers?: number | undefined;
  /** Length of a projection. @defaultValue 128 */
  readonly headDimension?: number | undefined;
  /** @defaultValue 1000 */
  readonly classCount?: number | undefined;
}

/** What an architecture is and what it needs, told without building it. */
export interface ModelSummary {
  readonly name: string;
  readonly imageSize: number;
  readonly batchSize: number;
  /** Convolutions and batch norms of the encoder. */
  readonly layers: { readonly convolutions: number; readonly batchNorms: number };
  readonly trainableParameters: { readonly encoder: number; readonly head: number; readonly classifier: number };
  /** Running means and variances of the encoder. */
  readonly statistics: number;
  readonly featureDimension: number;
  /** Floating-point operations of the encoder for one image, a multiplication and an addition counting as two. */
  readonly flopsPerImage: number;
  /** The stem and every group. */
  readonly stages: readonly StageSummary[];
  /** Bytes that pretraining needs (two views, momentum), by what is recomputed in the backward pass. */
  readonly memory: Readonly<Record<Checkpointing, MemoryPlan>>;
}

/** Blocks between two endpoints. */
interface StageSummary {
  readonly name: string;
  readonly blocks: number;
  readonly output: readonly [height: number, width: number, channels: number];
  readonly trainableParameters: number;
  readonly flopsPerImage: number;
}

/**
 * Answers what a model name stands for: layers, parameters, feature dimension, arithmetic and memory.
 *
 * @param name - Such as `r50_2x_sk1`.
 * @throws InvalidArgumentError for an unknown name (with the nearest known one), or an image too small for the stem.
 */
export function summarizeModel(name: string, options: ModelSummaryOptions = {}): ModelSummary {
  const { imageSize = 224, batchSize = 64, headLayers = 3, headDimension = 128, classCount = 1000 } = options;
  const architecture = { ...parseModelName(name), imageSize };
  const { parts, convolutions, batchNorms, multiplyAdds } = resNetCost(architecture, imageSize);
  const featureDimension = resNetFeatureDimension(architecture);
  const size = { inputDimension: featureDimension, layers: headLayers, outputDimension: headDimension };
  const head = headParameters(size);
  const plan = (checkpointing: Checkpointing): MemoryPlan =>
    planMemory({
      architecture,
      imageSize,
      rows: 2 * batchSize,
      checkpointing,
      headParameters: head,
      program: PROGRAM,
      hostCopies: HOST_COPIES,
    });
  return {
    name: modelName(architecture),
    imageSize,
    batchSize,
    layers: { convolutions, batchNorms },
    trainableParameters: { encoder: sum(parts, "trainable"), head, classifier: (featureDimension + 1) * classCount },
    statistics: sum(parts, "statistics"),
    featureDimension,
    flopsPerImage: 2 * multiplyAdds,
    stages: stagesOf(parts),
    memory: { none: plan("none"), block: plan("block"), group: plan("group") },
  };
}

function stagesOf(parts: readonly CountedPart[]): StageSummary[] {
  const names = [...new Set(parts.map(stageName))];
  return names.map((name) => {
    const own = parts.filter((part) => stageName(part) === name);
    return {
      name,
      blocks: name === "stem" ? 0 : own.length,
      output: own.at(-1)!.output,
      trainableParameters: sum(own, "trainable"),
      flopsPerImage: 2 * sum(own, "multiplyAdds"),
    };
  });
}

const stageName = ({ name }: CountedPart): string => name.split("/")[1]!;

const sum = (parts: readonly CountedPart[], key: "trainable" | "statistics" | "multiplyAdds"): number =>
  parts.reduce((total, part) => total + part[key], 0);
