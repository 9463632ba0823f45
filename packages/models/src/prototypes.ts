import { checkInteger, type Random, type Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Module } from "./module.js";
import { disposeWeights, weightMaker } from "./weight-spec.js";

export interface PrototypesOptions {
  /** K, the number of clusters, >= 1. */
  readonly count: number;
  /** D, the length of a projection. */
  readonly dimension: number;
  /** Name of the one weight. @defaultValue "prototypes" */
  readonly name?: string | undefined;
  /** The weight is drawn from `random.fork(name)`. */
  readonly random: Random;
}

/** The prototypes of SwAV: one direction for each cluster, trained with the network. */
export interface Prototypes extends Module {
  /** float32 `[K, D]`, rows of about length 1. */
  readonly weight: Weight;
  /** Brings all rows back to length 1: after each update, as the official code does. */
  normalise(): void;
}

/**
 * @returns Prototypes in random directions, which own their weight: dispose them.
 * @throws InvalidArgumentError unless count and dimension are integers >= 1.
 * @see Caron et al. 2020, arXiv:2006.09882, section 3.1
 */
export function prototypes(options: PrototypesOptions): Prototypes {
  const { count, dimension, name = "prototypes", random } = options;
  checkInteger("prototypes", { count }, 1);
  checkInteger("prototypes", { dimension }, 1);
  const { make, weights } = weightMaker(random);
  const weight = make({ name, role: "kernel", shape: [count, dimension] }, { kind: "normal", deviation: 1 });
  const { variable } = weight;
  const normalise = (): void =>
    tf.tidy(() => variable.assign(tf.div(variable, tf.maximum(tf.norm(variable, 2, 1, true), 1e-12))));
  normalise();
  return { weights, weight, normalise, dispose: () => disposeWeights(weights) };
}
