import type { Augmentation } from "@simclr/augment";
import { Random } from "@simclr/core";
import { contrastMetrics, ntXentLoss } from "@simclr/losses";
import type { Encoder, ProjectionHead } from "@simclr/models";
import type * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { defineMethod } from "./define-method.js";
import { type MethodTask, type MethodTaskOptions, methodTask } from "./method-task.js";
import { project } from "./project.js";

const options = z.object({
  temperature: z.number().positive().default(0.1).describe("softmax temperature τ"),
  scale: z
    .enum(["paper", "reference"])
    .default("paper")
    .describe("reference doubles the loss, as the official code does"),
});

/**
 * SimCLR, and SimCLRv2 without its memory: two augmented views of every image, one forward pass over both, NT-Xent between
 * their projections. The head decides which of the two it is: 2 layers in v1, 3 in v2.
 *
 * Metrics of a step: `contrastAccuracy` (the share of first views whose partner is the nearest of the N second views;
 * chance is 1/N) and `contrastEntropy` in nats.
 *
 * @see Chen et al. 2020, arXiv:2002.05709, section 2; arXiv:2006.10029, section 2
 */
export const simclr = simClrWith();

type PairLossFunction = (z1: tf.Tensor2D, z2: tf.Tensor2D) => tf.Scalar;

/** SimCLR with another loss than NT-Xent. */
function simClrWith(loss?: PairLossFunction) {
  return defineMethod({
    name: "simclr",
    options,
    build: () => ({}),
    step: (network, { temperature, scale }) => ({
      encode: (views, pass) => ({ projections: project(network, views, pass) }),
      loss: ({ rows: [z1, z2] }) => loss?.(z1!, z2!) ?? ntXentLoss(z1!, z2!, { temperature, scale }),
      metrics: ({ projections: [z1, z2] }) => ({ ...contrastMetrics(z1!, z2!, { temperature }) }),
    }),
  });
}

export interface SimClrOptions {
  /** Borrowed, as is the head; both are trained in place. */
  readonly encoder: Encoder;
  readonly head: ProjectionHead;
  /** Drawn anew for each of the two views. */
  readonly recipe: readonly Augmentation[];
  /** Softmax temperature τ, > 0. @defaultValue 0.1 */
  readonly temperature?: number;
  /** `reference` doubles the loss, as the official code does. @defaultValue "paper" */
  readonly scale?: "paper" | "reference";
  /**
   * Another loss of the projections of the two views, float32 [N, D] each; `temperature` then only scales the entropy
   * among the metrics. @defaultValue NT-Xent with `temperature` and `scale`
   */
  readonly loss?: PairLossFunction | undefined;
  /** As `methodTask` has it. */
  readonly microBatch?: number | undefined;
  /** As `methodTask` has it. */
  readonly statisticsParts?: number | undefined;
  /** As `methodTask` has it. */
  readonly gather?: MethodTaskOptions<object>["gather"];
}

/**
 * The pretraining task of SimCLR: `methodTask` with the method `simclr`.
 *
 * @throws InvalidArgumentError if an option is out of its range.
 */
export function simClr(all: SimClrOptions): MethodTask {
  const { encoder, head, recipe, loss, microBatch, statisticsParts, gather, ...given } = all;
  const random = Random.fromSeed(0); // the method adds nothing that would be drawn
  const method = loss === undefined ? simclr : simClrWith(loss);
  return methodTask({ method, options: given, encoder, head, recipe, random, microBatch, statisticsParts, gather });
}
