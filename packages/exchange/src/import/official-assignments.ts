import { type Classifier, classifier, type Encoder, type ProjectionHead, projectionHead } from "@simclr/models";
import type { Assignment } from "./import-report.js";
import type { OfficialVariable } from "./official-names.js";

/** Fields of a batch norm, ours to the official ones. */
const NORM_FIELDS = {
  gamma: "gamma",
  beta: "beta",
  movingMean: "moving_mean",
  movingVariance: "moving_variance",
} as const;

/** Layers by number, each with its variables by field. */
export type Layers = ReadonlyMap<number, ReadonlyMap<string, OfficialVariable>>;

/** Shape of a variable in the checkpoint; [] for none. */
export type ShapeOf = (variable: OfficialVariable | undefined) => readonly number[];

/** Variables of one part and kind, by the number of their layer. */
export function groupLayers(variables: readonly OfficialVariable[]): Layers {
  const layers = new Map<number, Map<string, OfficialVariable>>();
  for (const variable of variables) {
    const fields = layers.get(variable.index) ?? new Map<string, OfficialVariable>();
    layers.set(variable.index, fields.set(variable.field, variable));
  }
  return layers;
}

/** The official name of each weight of the encoder: its layers are numbered as ours are made. */
export function* encoderAssignments(encoder: Encoder, variables: readonly OfficialVariable[]): Generator<Assignment> {
  const namer = (layer: "convolution" | "norm") => {
    const layers = variables.filter((variable) => variable.layer === layer);
    const byIndex = groupLayers(layers);
    const first = Math.min(...byIndex.keys()); // other than 0 if the program had made other networks before
    const prefix = layers[0]!.name.replace(/(?:conv2d|(?:sync_)?batch_normalization)(?:_\d+)?\/[^/]+$/, "");
    const base = /(conv2d|(?:sync_)?batch_normalization)(?:_\d+)?\/[^/]+$/.exec(layers[0]!.name)![1]!;
    return (count: number, field: string): string => {
      const index = first + count;
      return byIndex.get(index)?.get(field)?.name ?? `${prefix}${base}${index === 0 ? "" : `_${index}`}/${field}`;
    };
  };
  const [convolution, norm] = [namer("convolution"), namer("norm")];
  let [convolutions, norms] = [-1, -1];
  for (const { name, variable } of encoder.weights) {
    const field = name.slice(name.lastIndexOf("/") + 1);
    if (field === "kernel") convolutions++;
    if (field === "gamma") norms++;
    const source =
      field === "kernel"
        ? convolution(convolutions, field)
        : norm(norms, NORM_FIELDS[field as keyof typeof NORM_FIELDS]);
    yield { weight: name, source, shape: variable.shape };
  }
}

/** The projection head that the checkpoint holds, without its values; undefined where it holds none. */
export function buildHead(encoder: Encoder, dense: Layers, shapeOf: ShapeOf): ProjectionHead | undefined {
  if (dense.size === 0) return undefined;
  const last = dense.get(Math.max(...dense.keys()))?.get("kernel");
  return projectionHead({
    inputDimension: encoder.featureDimension,
    layers: Math.max(...dense.keys()) + 1,
    outputDimension: shapeOf(last)[1] ?? 1,
    random: "zeros",
  });
}

/** The official name of each weight of the head. */
export function* headAssignments(head: ProjectionHead, variables: readonly OfficialVariable[]): Generator<Assignment> {
  const ofHead = variables.filter(({ part }) => part === "head");
  const prefix = ofHead[0]!.name.replace(/(?:nl|l)_\d+\/.*$/, "");
  for (const { name, variable } of head.weights) {
    const [, layer, , field = ""] = name.split("/");
    const index = Number(layer!.replace("layer", ""));
    const official = field === "kernel" ? "kernel" : NORM_FIELDS[field as keyof typeof NORM_FIELDS];
    const found = ofHead.find((candidate) => candidate.index === index && candidate.field === official);
    const path = `${prefix}nl_${index}/${field === "kernel" ? "dense" : "batch_normalization"}/${official}`;
    yield { weight: name, source: found?.name ?? path, shape: variable.shape };
  }
}

/** The classifier that the checkpoint holds, without its values, and the official names of its weights. */
export function buildClassifier(
  variables: readonly OfficialVariable[],
  shapeOf: ShapeOf,
): { classifier: Classifier | undefined; assignments: Assignment[] } {
  const ofClassifier = variables.filter(({ part }) => part === "classifier");
  if (ofClassifier.length === 0) return { classifier: undefined, assignments: [] };
  const kernel = ofClassifier.find(({ field }) => field === "kernel");
  const bias = ofClassifier.find(({ field }) => field === "bias");
  const [inputDimension = 1, classCount = 2] = shapeOf(kernel);
  const made = classifier({ inputDimension, classCount: shapeOf(bias)[0] ?? classCount, random: "zeros" });
  const prefix = ofClassifier[0]!.name.replace(/[^/]+$/, "");
  const assignments = made.weights.map(({ name, variable }): Assignment => {
    const field = name.slice(name.lastIndexOf("/") + 1);
    const source = ofClassifier.find((candidate) => candidate.field === field)?.name ?? `${prefix}${field}`;
    return { weight: name, source, shape: variable.shape };
  });
  return { classifier: made, assignments };
}
