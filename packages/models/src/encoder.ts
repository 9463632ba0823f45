import type * as tf from "@tensorflow/tfjs-core";
import type { ArchitectureDescription } from "./architecture.js";
import type { ForwardOptions, Module } from "./module.js";

/**
 * Places inside an encoder, named as in the reference. `initial_conv` is before the stem's batch norm;
 * `initial_max_pool` is the stem's output, also where the stem has no pooling.
 */
export type Endpoint =
  | "initial_conv"
  | "initial_max_pool"
  | "block_group1"
  | "block_group2"
  | "block_group3"
  | "block_group4"
  | "final_avg_pool";

export type EncoderOutput = {
  /** The representation h: global average of the last group, float32 `[N, D]`. */
  readonly pooled: tf.Tensor2D;
  /** What left each stage, float32 `[N, H, W, C]` (`final_avg_pool` is `pooled` itself). */
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
export interface Encoder extends Module {
  /** First part of every weight's name. */
  readonly name: string;
  /** D, the length of a representation. */
  readonly featureDimension: number;
  readonly input: InputConstraints;
  /**
   * @param images - float32 `[N, H, W, channels]` in [0, 1]. Not disposed.
   * @returns New tensors; the caller disposes them (`tf.dispose(output)` or a surrounding `tf.tidy`).
   * @throws InvalidArgumentError if the images have other channels or are too small.
   */
  forward(images: tf.Tensor4D, options: ForwardOptions): EncoderOutput;
  /** Plain JSON from which `buildEncoder` makes the same architecture. */
  describe(): ArchitectureDescription;
}
