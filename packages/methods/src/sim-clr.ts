import { type Augmentation, batchView } from "@simclr/augment";
import { checkPositive, type ImageBatch } from "@simclr/core";
import { contrastMetrics, ntXentLoss } from "@simclr/losses";
import { BatchStatistics, type Encoder, type ProjectionHead } from "@simclr/models";
import type { StepContext, StepResult, TrainingTask } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { trainable, weightGradients } from "./gradients.js";

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
  readonly loss?: (z1: tf.Tensor2D, z2: tf.Tensor2D) => tf.Scalar;
}

/**
 * The pretraining task of SimCLR and SimCLRv2: two augmented views of every image, one forward pass over both, NT-Xent
 * between their projections. Labels are not read.
 *
 * Metrics of a step: `contrastAccuracy` (the share of first views whose partner is the nearest of the N second views;
 * chance is 1/N) and `contrastEntropy` in nats.
 *
 * @see Chen et al. 2020, arXiv:2002.05709, section 2; arXiv:2006.10029, section 2
 */
export function simClr(options: SimClrOptions): TrainingTask<ImageBatch> {
  const { encoder, head, recipe, temperature = 0.1, scale = "paper" } = options;
  checkPositive("simClr", { temperature });
  const loss = options.loss ?? ((z1: tf.Tensor2D, z2: tf.Tensor2D) => ntXentLoss(z1, z2, { temperature, scale }));
  const state = [...encoder.weights, ...head.weights];
  const weights = trainable(state);

  const bothViews = (batch: ImageBatch, { random, epoch, step }: StepContext): tf.Tensor4D =>
    tf.tidy(() => {
      const views = [0, 1].map((view) => batchView(batch, recipe, { random, epoch, step, view }));
      return tf.concat4d(views, 0); // [2N, S, S, C]
    });

  return {
    name: "simclr",
    weights,
    state,
    async step(batch: ImageBatch, context: StepContext): Promise<StepResult> {
      const images = bothViews(batch, context);
      const statistics = new BatchStatistics();
      let metrics: Record<string, tf.Scalar> = {};
      const { loss: value, gradients } = weightGradients(() => {
        const { pooled } = encoder.forward(images, { training: true, statistics });
        const z = head.forward(pooled, { training: true, statistics }).at(-1)!; // [2N, D]
        const [z1, z2] = tf.split(z, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
        metrics = tf.tidy(() => keepAll(contrastMetrics(z1, z2, { temperature })));
        return loss(z1, z2);
      }, weights);
      images.dispose();
      return {
        loss: value,
        gradients,
        metrics,
        commit: () => statistics.apply(),
        discard: () => statistics.dispose(),
      };
    },
  };
}

function keepAll(tensors: object): Record<string, tf.Scalar> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.keep(tensor as tf.Scalar)]));
}
