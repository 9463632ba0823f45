import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { ResNetDescription } from "./architecture.js";
import type { DefinedEncoderDescription } from "./define-encoder.js";
import type { ForwardOptions, Module } from "./module.js";
import type { WeightSource } from "./weight-spec.js";

/** What an encoder is; plain JSON, from which `buildEncoder` makes the same architecture. */
export type ArchitectureDescription = ResNetDescription | DefinedEncoderDescription;

/**
 * Places inside a ResNet, named as in the reference. `initial_conv` is before the stem's batch norm;
 * `initial_max_pool` is the stem's output, also where the stem has no pooling.
 */
export type ResNetEndpoint =
  | "initial_conv"
  | "initial_max_pool"
  | "block_group1"
  | "block_group2"
  | "block_group3"
  | "block_group4"
  | "final_avg_pool";

export type EncoderOutput<Endpoint extends string = string> = {
  /** The representation h, float32 `[N, D]`. */
  readonly pooled: tf.Tensor2D;
  /** What left each stage, float32 `[N, H, W, C]` or `[N, C]`, for probes at every depth: see `endpointFeatures`. */
  readonly endpoints: { readonly [K in Endpoint]: tf.Tensor };
};

/** What an encoder takes. */
export interface InputConstraints {
  /** Channels of the images. */
  readonly channels: number;
  /** Least height and width, in pixels. */
  readonly minimumSize: number;
}

/** A network from images to representations; `weights` are its own. */
export interface Encoder<Endpoint extends string = string> extends Module {
  /** First part of every weight's name. */
  readonly name: string;
  /** D, the length of a representation. */
  readonly featureDimension: number;
  readonly input: InputConstraints;
  /** Names of the endpoints that a forward pass gives, from the images to the representation. */
  readonly endpoints: readonly Endpoint[];
  /**
   * @param images - float32 `[N, H, W, channels]` in [0, 1]. Not disposed.
   * @returns New tensors; the caller disposes them (`tf.dispose(output)` or a surrounding `tf.tidy`).
   * @throws InvalidArgumentError if the images have other channels or are too small.
   */
  forward(images: tf.Tensor4D, options: ForwardOptions): EncoderOutput<Endpoint>;
  describe(): ArchitectureDescription;
  /** The same architecture with weights of its own, under another name. The caller disposes it. */
  twin(name: string, random: WeightSource): Encoder<Endpoint>;
}

/**
 * One vector for each image from an endpoint: the mean over its places, or the endpoint itself where it has none.
 *
 * @returns float32 `[N, C]`; the caller disposes it.
 * @throws InvalidArgumentError if the encoder has no such endpoint.
 */
export function endpointFeatures({ endpoints }: EncoderOutput, name: string): tf.Tensor2D {
  const endpoint = endpoints[name];
  if (endpoint === undefined) {
    const expected = Object.keys(endpoints).join(", ");
    throw new InvalidArgumentError(
      `endpointFeatures: \`name\` must be one of ${expected}; received "${name}". Take one of the encoder's \`endpoints\`.`,
      { subject: "name", expected, received: name },
    );
  }
  return endpoint.rank === 4 ? tf.mean<tf.Tensor2D>(endpoint, [1, 2]) : (tf.clone(endpoint) as tf.Tensor2D);
}
