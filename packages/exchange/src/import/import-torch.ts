import { assignWeights, CheckpointError, type NamedArray, type Weight } from "@simclr/core";
import {
  type Classifier,
  classifier,
  type InputNormalisation,
  modelName,
  type ResNetDepth,
  resNet,
  resNetWeightSpecs,
} from "@simclr/models";
import type { ForeignSafetensors } from "@simclr/tensor-files";
import { model } from "../model/model.js";
import type { Imported } from "./import-official.js";
import type { Assignment } from "./import-report.js";
import { checkAssignments } from "./self-check.js";
import { fromTorchLayout, torchShape } from "./torch-layout.js";

const DEPTHS: readonly ResNetDepth[] = [18, 34, 50, 101, 152, 200];
const BASE_FILTERS = 64;
const NORM_FIELDS: Readonly<Record<string, string>> = {
  gamma: "weight",
  beta: "bias",
  movingMean: "running_mean",
  movingVariance: "running_var",
};

/** What torchvision and timm normalise ImageNet's images with. */
export const IMAGENET_NORMALISATION: InputNormalisation = {
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
};

export interface ImportTorchOptions {
  /** What the images were normalised with in training; null for nothing. @defaultValue ImageNet's mean and deviation */
  readonly normalisation?: InputNormalisation | null | undefined;
  /** Of the images that the network is used with. @defaultValue 224, or 32 with a 3x3 stem */
  readonly imageSize?: number | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/**
 * Imports a ResNet of torchvision or timm that was saved as safetensors: `conv1.weight`, `bn1.…`, `layer1.0.conv1.weight`, …,
 * perhaps behind a prefix such as `backbone.`, and the classifier `fc`. The model is built on torchvision's grid and
 * normalises its images itself, so it takes images in [0, 1] and gives the outputs that PyTorch gives.
 *
 * @param where - Name of the file, for messages.
 * @throws CheckpointError naming the tensors, if the file holds another network: one with another stem, grouped
 * convolutions, squeeze-excitation.
 */
export function importTorch(file: ForeignSafetensors, where: string, options: ImportTorchOptions = {}): Imported {
  const { normalisation = IMAGENET_NORMALISATION, classNames } = options;
  const names = Object.keys(file.arrays);
  const prefix = prefixOf(where, names);
  const stem = file.arrays[`${prefix}conv1.weight`]!.shape;
  const [filters = 0, channels = 3, size = 7] = stem;
  if (size !== 7 && size !== 3)
    throw new CheckpointError(
      `${where}: "${prefix}conv1.weight" must have a kernel of 7x7 or 3x3; it is [${stem.join(", ")}]. Load a plain ResNet.`,
      { subject: where, expected: "7x7 or 3x3", received: `${size}x${size}` },
    );
  const depth = depthOf(where, prefix, names);
  const widthMultiplier = filters / BASE_FILTERS;
  const encoder = resNet({
    depth,
    widthMultiplier,
    channels,
    stem: size === 7 ? "imagenet" : "cifar",
    variant: "torchvision",
    ...(normalisation && { normalisation }),
    random: "zeros",
  });
  const assignments = encoder.weights.map((weight) => assignmentOf(prefix, weight));
  const linear = buildClassifier(file, prefix);
  if (linear !== undefined) assignments.push(...linear.weights.map((weight) => classifierAssignment(prefix, weight)));
  const made = model({
    encoder,
    classifier: linear,
    preprocessing: {
      imageSize: options.imageSize ?? (size === 7 ? 224 : 32),
      cropFraction: size === 7 ? 0.875 : 1,
      resize: "bilinear",
    },
    classNames,
    origin: `${where}, PyTorch`,
  });
  const name = modelName({ depth, widthMultiplier });
  try {
    const found = new Map(names.map((key) => [key, file.arrays[key]!.shape]));
    const required = names.filter((key) => isOfNetwork(key, prefix));
    checkAssignments(where, `torchvision's ${name}`, made.weights, assignments, found, required);
    const arrays: Record<string, NamedArray> = {};
    for (const { weight, source } of assignments) arrays[weight] = fromTorchLayout(file.arrays[source]!);
    assignWeights(made.weights, arrays, where);
  } catch (error) {
    made.dispose();
    throw error;
  }
  const used = new Set(assignments.map(({ source }) => source));
  const isKernel = (key: string): boolean => file.arrays[key]!.shape.length === 4;
  return {
    model: made,
    report: {
      architecture: name,
      convolutions: [...used].filter(isKernel).length,
      batchNorms: [...used].filter((key) => key.endsWith(".running_mean")).length,
      headLayers: 0,
      classCount: linear?.classCount ?? 0,
      used: used.size,
      unused: [
        ...names.filter((key) => !used.has(key)).map((key) => ({ name: key, reason: "no weight of the ResNet" })),
        ...Object.entries(file.others).map(([key, type]) => ({
          name: key,
          reason: key.endsWith("num_batches_tracked") ? "step counter" : `holds ${type}`,
        })),
      ],
    },
  };
}

/** What stands before `conv1.weight`. */
function prefixOf(where: string, names: readonly string[]): string {
  const prefixes = names
    .filter((key) => /(^|\.)conv1\.weight$/.test(key))
    .map((key) => key.slice(0, -"conv1.weight".length))
    .filter((prefix) => names.includes(`${prefix}bn1.weight`) && names.includes(`${prefix}layer1.0.conv1.weight`));
  const [prefix] = prefixes;
  if (prefixes.length === 1) return prefix!;
  const isDeep = names.some((key) => /(^|\.)conv1\.0\.weight$/.test(key));
  const problem =
    prefixes.length > 1
      ? `holds ${prefixes.length} ResNets (${prefixes.map((each) => `"${each}"`).join(", ")}), and one is expected`
      : isDeep
        ? "has a stem of several convolutions (conv1.0.weight), and the stem of a plain ResNet (conv1.weight) is expected"
        : 'holds no ResNet: "conv1.weight", "bn1.weight" and "layer1.0.conv1.weight" are expected';
  throw new CheckpointError(`${where} ${problem}. Save the state_dict of a ResNet of torchvision or timm.`, {
    subject: where,
  });
}

function depthOf(where: string, prefix: string, names: readonly string[]): ResNetDepth {
  const blocks = (group: number): number =>
    new Set(
      names
        .filter((key) => key.startsWith(`${prefix}layer${group}.`))
        .map((key) => key.slice(prefix.length).split(".")[1]),
    ).size;
  const counts = [1, 2, 3, 4].map(blocks).join(", ");
  const isBottleneck = names.includes(`${prefix}layer1.0.conv3.weight`);
  const depth = DEPTHS.find((candidate) => {
    const specs = resNetWeightSpecs({ depth: candidate }).map(({ name }) => name);
    if (specs.includes("encoder/group1/block0/conv3/kernel") !== isBottleneck) return false;
    const expected = [1, 2, 3, 4].map(
      (group) =>
        new Set(specs.filter((name) => name.startsWith(`encoder/group${group}/`)).map((name) => name.split("/")[2]))
          .size,
    );
    return expected.join(", ") === counts;
  });
  if (depth !== undefined) return depth;
  throw new CheckpointError(
    `${where} has ${counts} ${isBottleneck ? "bottlenecks" : "basic blocks"} in its groups, which is no ResNet of depth ${DEPTHS.join(", ")}. Load one of those.`,
    { subject: where, received: counts },
  );
}

/** Whether a tensor belongs to the encoder, so that it must not be left out. */
const isOfNetwork = (key: string, prefix: string): boolean =>
  key.startsWith(prefix) && /^(conv1|bn1|layer\d)\./.test(key.slice(prefix.length));

/** `encoder/group1/block0/shortcut/norm/gamma` is `layer1.0.downsample.1.weight`. */
function assignmentOf(prefix: string, { name, variable }: Weight): Assignment {
  const parts = name.split("/").slice(1);
  const field = parts.at(-1)!;
  const isKernel = field === "kernel";
  const suffix = isKernel ? "weight" : NORM_FIELDS[field]!;
  const layer =
    parts[0] === "stem"
      ? isKernel
        ? "conv1"
        : "bn1"
      : [
          parts[0]!.replace("group", "layer"),
          parts[1]!.replace("block", ""),
          parts[2] === "shortcut" ? `downsample.${isKernel ? 0 : 1}` : parts[2]!.replace("norm", "bn"),
        ].join(".");
  return { weight: name, source: `${prefix}${layer}.${suffix}`, shape: torchShape(variable.shape) };
}

function buildClassifier({ arrays }: ForeignSafetensors, prefix: string): Classifier | undefined {
  const kernel = arrays[`${prefix}fc.weight`];
  if (kernel?.shape.length !== 2) return undefined;
  const [classCount, inputDimension] = kernel.shape as [number, number];
  return classifier({ inputDimension, classCount, random: "zeros" });
}

function classifierAssignment(prefix: string, { name, variable }: Weight): Assignment {
  const field = name.endsWith("kernel") ? "weight" : "bias";
  return { weight: name, source: `${prefix}fc.${field}`, shape: torchShape(variable.shape) };
}
