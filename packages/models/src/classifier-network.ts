import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { buildEncoder, buildProjectionHead, checkKind, type Definitions } from "./build-parts.js";
import { type Classifier, type ClassifierDescription, classifier } from "./classifier.js";
import type { ArchitectureDescription, Encoder } from "./encoder.js";
import type { ForwardOptions, Module } from "./module.js";
import type { HeadDescription, ProjectionHead } from "./projection-head.js";
import type { WeightSource } from "./weight-spec.js";

/** What a classifier network is; plain JSON, enough to build it again. */
export interface ClassifierNetworkDescription {
  readonly kind: "classifier-network";
  readonly encoder: ArchitectureDescription;
  /** Undefined if the classifier sits on the encoder itself. */
  readonly head?: HeadDescription;
  /** How many layers of the head the network runs. */
  readonly headLayers: number;
  readonly classifier: ClassifierDescription;
}

export interface ClassifierNetworkParts {
  readonly encoder: Encoder;
  /** Needed if `headLayers` > 0. */
  readonly head?: ProjectionHead | undefined;
  /** k: how many layers of the head stay, 0 to all. @defaultValue 0 */
  readonly headLayers?: number | undefined;
  readonly classifier: Classifier;
}

/** From images to logits. `weights` are the encoder's, those of the first k layers of the head, the classifier's. */
export interface ClassifierNetwork extends Module {
  readonly encoder: Encoder;
  readonly head: ProjectionHead | undefined;
  readonly headLayers: number;
  readonly classifier: Classifier;
  /**
   * @param images - float32 `[N, H, W, channels]` in [0, 1]. Not disposed.
   * @returns Logits, float32 `[N, classCount]`; the caller disposes them.
   */
  forward(images: tf.Tensor4D, options: ForwardOptions): tf.Tensor2D;
  describe(): ClassifierNetworkDescription;
}

/**
 * Joins an encoder, the first k layers of a projection head and a classifier: the network that is fine-tuned, trained
 * with labels alone, or taught by another.
 *
 * @returns A network that owns the parts given to it: its `dispose` disposes them all, the whole head included.
 * @throws InvalidArgumentError if the head lacks k layers, or a part does not fit the one before.
 * @see Chen et al. 2020, arXiv:2006.10029, section 2 (fine-tuning from a middle layer)
 */
export function classifierNetwork(parts: ClassifierNetworkParts): ClassifierNetwork {
  const { encoder, head, headLayers = 0, classifier } = parts;
  if (headLayers > 0 && head === undefined)
    throw new InvalidArgumentError(
      `classifierNetwork: \`headLayers\` must be 0 without a projection head; received ${headLayers}. Pass \`head\`.`,
      { subject: "headLayers", expected: "0", received: String(headLayers) },
    );
  const headWeights = head?.layerWeights(headLayers) ?? [];
  const dimension = head?.dimensionAfter(headLayers) ?? encoder.featureDimension;
  checkDimension("head", head?.dimensionAfter(0) ?? encoder.featureDimension, "encoder", encoder.featureDimension);
  checkDimension("classifier", classifier.inputDimension, headLayers > 0 ? "head" : "encoder", dimension);
  return {
    encoder,
    head,
    headLayers,
    classifier,
    weights: [...encoder.weights, ...headWeights, ...classifier.weights],
    forward(images, options) {
      return tf.tidy(() => {
        const { pooled } = encoder.forward(images, options); // [N, D]
        const hiddens = head === undefined || headLayers === 0 ? [pooled] : head.forward(pooled, options, headLayers);
        return classifier.forward(hiddens[headLayers]!);
      });
    },
    describe: () => ({
      kind: "classifier-network",
      encoder: encoder.describe(),
      ...(head !== undefined && headLayers > 0 && { head: head.describe() }),
      headLayers,
      classifier: classifier.describe(),
    }),
    dispose() {
      encoder.dispose();
      head?.dispose();
      classifier.dispose();
    },
  };
}

/**
 * Builds a classifier network from its description, with new weights; give "zeros" and load saved ones with `assignWeights`.
 *
 * @param definitions - What parts of one's own are built by.
 * @throws InvalidArgumentError if the description is of another kind, a definition is missing, or its parts do not fit.
 */
export function buildClassifierNetwork(
  description: ClassifierNetworkDescription,
  random: WeightSource,
  definitions: Definitions = {},
): ClassifierNetwork {
  checkKind("buildClassifierNetwork", description, "classifier-network");
  checkKind("buildClassifierNetwork", description.classifier, "classifier");
  return classifierNetwork({
    encoder: buildEncoder(description.encoder, random, definitions),
    head: description.head && buildProjectionHead(description.head, random, definitions),
    headLayers: description.headLayers,
    classifier: classifier({ ...description.classifier, random }),
  });
}

function checkDimension(part: string, received: number, before: string, expected: number): void {
  if (received === expected) return;
  throw new InvalidArgumentError(
    `classifierNetwork: the ${part} must take vectors of ${expected}, which is what the ${before} gives; it takes ${received}. Build it with inputDimension ${expected}.`,
    { subject: part, expected: String(expected), received: String(received) },
  );
}
