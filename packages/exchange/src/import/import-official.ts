import { assignWeights, CheckpointError, checkInteger, type NamedArray, type NamedArrays } from "@simclr/core";
import { modelName, type NamedArchitecture, resNet } from "@simclr/models";
import { OBJECT_GRAPH_KEY, readObjectGraph, type TensorBundle } from "@simclr/tensor-files";
import { type Model, type ModelCard, model } from "../model/model.js";
import type { ImportReport } from "./import-report.js";
import { inferOfficial, type OfficialArchitecture } from "./infer-official.js";
import {
  buildClassifier,
  buildHead,
  encoderAssignments,
  groupLayers,
  headAssignments,
  type Layers,
  type ShapeOf,
} from "./official-assignments.js";
import { type OfficialVariable, parseOfficialName } from "./official-names.js";
import { checkAssignments } from "./self-check.js";

const IMAGENET_SIZE = 224;
const CIFAR_SIZE = 32;

export interface ImportOfficialOptions {
  /** `base`: the weights that were trained; `average`: their moving average (`ema_model/…`). @defaultValue "base" */
  readonly copy?: "base" | "average" | undefined;
  /** Found from the checkpoint where absent. */
  readonly architecture?: NamedArchitecture | undefined;
  /**
   * The classifier sits behind so many layers of the head: 0 in the pretrained, fully labelled and supervised networks, 1
   * in those fine-tuned with few labels. The checkpoint does not tell. @defaultValue 0
   */
  readonly classifierLayer?: number | undefined;
  /** Of the images that the network is used with. @defaultValue 224, or 32 with the CIFAR stem */
  readonly imageSize?: number | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/** A model and how it came about. The caller disposes the model. */
export interface Imported {
  readonly model: Model;
  readonly report: ImportReport;
}

/**
 * Imports a checkpoint of the official SimCLR or SimCLRv2 code, of TensorFlow 1 or 2: encoder, projection head and
 * classifier, as far as they are there.
 *
 * The layers have numbers in the order in which the official code makes them, which is the order of our weights. Before a
 * value is read, every weight must have its tensor, of the right shape, and no tensor of the encoder may be left over.
 *
 * @param where - Name of the checkpoint, for messages.
 * @throws CheckpointError naming the tensors that are missing, of another shape, not of this architecture, or altered.
 * @see Chen et al. 2020, arXiv:2006.10029; github.com/google-research/simclr
 */
export async function importOfficial(
  bundle: TensorBundle,
  where: string,
  options: ImportOfficialOptions = {},
): Promise<Imported> {
  const { copy = "base", classifierLayer = 0, classNames } = options;
  const variables = await readVariables(bundle, where);
  const hasCopy = (isAverage: boolean): boolean =>
    variables.some((variable) => variable.part === "encoder" && variable.isAverage === isAverage);
  const isAverage = copy === "average";
  if (!hasCopy(isAverage)) throw noEncoder(where, isAverage, hasCopy(!isAverage));
  // The classifier of a pretrained network has no average of its own.
  const chosen = variables.filter((variable) => variable.part === "classifier" || variable.isAverage === isAverage);
  const layersOf = (part: OfficialVariable["part"], layer: OfficialVariable["layer"]): Layers =>
    groupLayers(chosen.filter((variable) => variable.part === part && variable.layer === layer));
  const convolutions = layersOf("encoder", "convolution");
  const norms = layersOf("encoder", "norm");
  const shapeOf: ShapeOf = (variable) => (variable && bundle.entries.get(variable.key)?.shape) ?? [];

  if (!bundle.entries.has(OBJECT_GRAPH_KEY) && !convolutions.has(0))
    throw new CheckpointError(
      `${where}: the first convolution, "${isAverage ? "ema_model/" : ""}base_model/conv2d/kernel", is missing. Check that the checkpoint is whole.`,
      { subject: where },
    );
  const stemShape = shapeOf(convolutions.get(Math.min(...convolutions.keys()))?.get("kernel"));
  const encoderVariables = chosen.filter(({ part }) => part === "encoder");
  const architecture: OfficialArchitecture = {
    ...inferOfficial(where, encoderVariables, stemShape),
    ...options.architecture,
  };
  const name = modelName(architecture);
  const encoder = resNet({ ...architecture, random: "zeros" });
  const assignments = [...encoderAssignments(encoder, encoderVariables)];

  const head = buildHead(encoder, layersOf("head", "dense"), shapeOf);
  if (head !== undefined) assignments.push(...headAssignments(head, chosen));
  const { classifier: linear, assignments: linearAssignments } = buildClassifier(chosen, shapeOf);
  assignments.push(...linearAssignments);
  const preprocessing = {
    imageSize: options.imageSize ?? (encoder.input.minimumSize > 8 ? IMAGENET_SIZE : CIFAR_SIZE),
    cropFraction: encoder.input.minimumSize > 8 ? 0.875 : 1,
    resize: "tf1-bicubic",
  } as const satisfies ModelCard["preprocessing"];
  const origin = `${where}, ${isAverage ? "moving average" : "trained weights"}, TensorFlow checkpoint`;
  const made = model({ encoder, head, classifier: linear, classifierLayer, preprocessing, classNames, origin });
  try {
    checkInteger("importOfficial", { classifierLayer }, 0);
    if (classifierLayer > made.headLayers) throw noSuchLayer(where, classifierLayer, made.headLayers);
    const byName = new Map(chosen.map((variable) => [variable.name, variable]));
    const found = new Map(chosen.map((variable) => [variable.name, shapeOf(variable)]));
    const required = chosen.map((variable) => variable.name);
    checkAssignments(where, name, made.weights, assignments, found, required);
    if (classNames !== undefined && linear !== undefined) checkClassNames(where, classNames, linear.classCount);
    const arrays: Record<string, NamedArray> = {};
    for (const { weight, source } of assignments) arrays[weight] = await bundle.read(byName.get(source)!.key);
    assignWeights(made.weights, arrays satisfies NamedArrays, where);
  } catch (error) {
    made.dispose();
    throw error;
  }
  const usedKeys = new Set(chosen.map(({ key }) => key));
  return {
    model: made,
    report: {
      architecture: name,
      convolutions: convolutions.size,
      batchNorms: norms.size,
      headLayers: made.headLayers,
      classCount: linear?.classCount ?? 0,
      used: assignments.length,
      unused: [...bundle.entries.keys()]
        .filter((key) => !usedKeys.has(key))
        .map((key) => ({ name: key, reason: reasonOf(key, variables) })),
    },
  };
}

/** The variables whose names are those of a network's weights. */
async function readVariables(bundle: TensorBundle, where: string): Promise<OfficialVariable[]> {
  const names = bundle.entries.has(OBJECT_GRAPH_KEY)
    ? readObjectGraph(await bundle.readBytes(OBJECT_GRAPH_KEY), where)
        .filter(({ isSlot, key }) => !isSlot && bundle.entries.has(key))
        .map(({ fullName, key }): [string, string] => [fullName.replace(/:0$/, ""), key])
    : [...bundle.entries.keys()].map((key): [string, string] => [key, key]);
  return [...new Map(names)].flatMap(([name, key]) => parseOfficialName(name, key) ?? []);
}

function reasonOf(key: string, variables: readonly OfficialVariable[]): string {
  if (key === OBJECT_GRAPH_KEY) return "names of the variables";
  if (/(^|\/)(global_step|step)(\/|$)/.test(key)) return "step counter";
  if (/\/(Momentum|Adam(_1)?)$|OPTIMIZER_SLOT|optimizer/i.test(key)) return "state of the optimizer";
  const variable = variables.find((candidate) => candidate.key === key);
  if (variable !== undefined) return variable.isAverage ? "moving average of the weights" : "trained weights";
  return "no weight of a network";
}

function noEncoder(where: string, isAverage: boolean, hasOther: boolean): CheckpointError {
  const wanted = isAverage ? "moving average (ema_model/…)" : "encoder (base_model/conv2d/kernel, …)";
  const hint = hasOther
    ? `It holds the ${isAverage ? "trained weights" : "moving average"}: import that copy.`
    : "Give a checkpoint of the official SimCLR code.";
  return new CheckpointError(`${where} holds no ${wanted}. ${hint}`, { subject: where });
}

function noSuchLayer(where: string, classifierLayer: number, layers: number): CheckpointError {
  return new CheckpointError(
    `${where}: the classifier cannot sit behind ${classifierLayer} layers of the head, which has ${layers}. Give 0 to ${layers}.`,
    { subject: where, expected: `0 to ${layers}`, received: String(classifierLayer) },
  );
}

function checkClassNames(where: string, classNames: readonly string[], classCount: number): void {
  if (classNames.length === classCount) return;
  throw new CheckpointError(
    `${where}: ${classCount} class names are needed, one for each output of the classifier; received ${classNames.length}. Give them in the order of the outputs.`,
    { subject: where, expected: String(classCount), received: String(classNames.length) },
  );
}
