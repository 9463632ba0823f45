import { CheckpointError, type ResizeKernel, type Weight } from "@simclr/core";
import {
  type ArchitectureDescription,
  buildEncoder,
  buildProjectionHead,
  type Classifier,
  type ClassifierDescription,
  type ClassifierNetwork,
  classifier,
  classifierNetwork,
  type Definitions,
  type Encoder,
  type HeadDescription,
  type ProjectionHead,
} from "@simclr/models";

/** How an image becomes what the network takes: float32 NHWC in [0, 1], RGB if it has three channels. */
export interface Preprocessing {
  /** Height and width of the images, in pixels. */
  readonly imageSize: number;
  /** The central part of the shorter side that is kept, in (0, 1]. */
  readonly cropFraction: number;
  readonly resize: ResizeKernel;
}

/** What a model is made of; plain JSON, enough to build it again. */
export interface ModelDescription {
  readonly encoder: ArchitectureDescription;
  readonly head?: HeadDescription | undefined;
  /** How many layers of the head have weights; the rest is not part of the model. */
  readonly headLayers: number;
  readonly classifier?: ClassifierDescription | undefined;
  /** The classifier sits behind so many layers of the head, 0 to `headLayers`. */
  readonly classifierLayer: number;
}

/** What travels with a model. */
export interface ModelCard {
  readonly preprocessing: Preprocessing;
  /** One for each output of the classifier. */
  readonly classNames?: readonly string[] | undefined;
  /** Where the weights come from, for people. */
  readonly origin?: string | undefined;
}

/** An encoder, perhaps a head and a classifier, and how to use them. Whoever made it disposes it. */
export interface Model extends ModelCard {
  readonly encoder: Encoder;
  readonly head: ProjectionHead | undefined;
  readonly headLayers: number;
  readonly classifier: Classifier | undefined;
  readonly classifierLayer: number;
  /** Those of the encoder, of the first `headLayers` layers of the head, and of the classifier. */
  readonly weights: readonly Weight[];
  describe(): ModelDescription;
  dispose(): void;
}

export interface ModelParts extends ModelCard {
  readonly encoder: Encoder;
  readonly head?: ProjectionHead | undefined;
  /** @defaultValue all layers of the head */
  readonly headLayers?: number | undefined;
  readonly classifier?: Classifier | undefined;
  /** @defaultValue 0 */
  readonly classifierLayer?: number | undefined;
}

/** Joins parts to a model, which owns them: its `dispose` disposes them all. */
export function model(parts: ModelParts): Model {
  const { encoder, head, classifier, preprocessing, classNames, origin } = parts;
  const headLayers = parts.headLayers ?? head?.layers ?? 0;
  const classifierLayer = parts.classifierLayer ?? 0;
  return {
    preprocessing,
    classNames,
    origin,
    encoder,
    head,
    headLayers,
    classifier,
    classifierLayer,
    weights: [...encoder.weights, ...(head?.layerWeights(headLayers) ?? []), ...(classifier?.weights ?? [])],
    describe: () => ({
      encoder: encoder.describe(),
      ...(head !== undefined && headLayers > 0 && { head: head.describe() }),
      headLayers: head === undefined ? 0 : headLayers,
      ...(classifier && { classifier: classifier.describe() }),
      classifierLayer,
    }),
    dispose() {
      encoder.dispose();
      head?.dispose();
      classifier?.dispose();
    },
  };
}

/** The network that was fine-tuned or distilled, as a model. The model owns its parts. */
export function classifierModel(network: ClassifierNetwork, card: ModelCard): Model {
  const { encoder, head, headLayers, classifier } = network;
  return model({ ...card, encoder, head, headLayers, classifier, classifierLayer: headLayers });
}

/**
 * Builds a model with weights of zeros; give it values with `assignWeights`.
 *
 * @param definitions - What encoders and heads of one's own are built by.
 * @throws InvalidArgumentError if a part is of an impossible architecture, or its definition is missing.
 */
export function buildModel(description: ModelDescription, card: ModelCard, definitions: Definitions = {}): Model {
  const { encoder, head, headLayers, classifier: linear, classifierLayer } = description;
  return model({
    ...card,
    encoder: buildEncoder(encoder, "zeros", definitions),
    head: head && buildProjectionHead(head, "zeros", definitions),
    headLayers,
    classifier: linear && classifier({ ...linear, random: "zeros" }),
    classifierLayer,
  });
}

/**
 * From images to logits. The network shares the model's parts: dispose one of the two.
 *
 * @throws CheckpointError if the model has no classifier.
 */
export function networkOf(model: Model, where: string): ClassifierNetwork {
  const { encoder, head, classifier, classifierLayer } = model;
  if (classifier === undefined)
    throw new CheckpointError(
      `${where} holds no classifier, only ${head === undefined ? "an encoder" : "an encoder and its head"}. Take a model that was trained with labels.`,
      { subject: where, expected: "a classifier" },
    );
  return classifierNetwork({ encoder, head, headLayers: classifierLayer, classifier });
}
