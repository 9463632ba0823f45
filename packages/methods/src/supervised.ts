import { type Augmentation, batchView } from "@simclr/augment";
import { type ImageBatch, InvalidArgumentError, UNLABELLED } from "@simclr/core";
import { softmaxCrossEntropy } from "@simclr/losses";
import { BatchStatistics, type ClassifierNetwork } from "@simclr/models";
import type { StepContext, StepResult, TrainingTask } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { acrossRanks } from "./across-ranks.js";
import { trainable, weightGradients } from "./gradients.js";

export interface SupervisedOptions {
  /** Borrowed and trained in place: from scratch, or with a pretrained encoder and head for fine-tuning. */
  readonly network: ClassifierNetwork;
  /** Drawn once per image; the reference crops and flips only. */
  readonly recipe: readonly Augmentation[];
  /** In [0, 1). @defaultValue 0 */
  readonly labelSmoothing?: number;
}

/**
 * Training with labels: softmax cross-entropy of the network's logits. Fine-tuning is this task on a network whose
 * encoder (and first head layers) were pretrained. All of the network is trained but what it has frozen, with batch norm in
 * training mode.
 *
 * Metric of a step: `accuracy` on the batch.
 *
 * @throws InvalidArgumentError, in a step, for an image without a label.
 * @see Chen et al. 2020, arXiv:2006.10029, section 2 (fine-tuning)
 */
export function supervised(options: SupervisedOptions): TrainingTask<ImageBatch> {
  const { network, recipe, labelSmoothing = 0 } = options;
  const weights = trainable(network.weights);
  return {
    name: "supervised",
    weights,
    state: network.weights,
    async step(batch: ImageBatch, context: StepContext): Promise<StepResult> {
      const { random, epoch, step, communicator } = context;
      checkLabels(batch);
      const images = batchView(batch, recipe, { random, epoch, step, view: 0 });
      const labels = tf.tensor1d(batch.labels, "int32");
      const statistics = new BatchStatistics();
      let accuracy: tf.Scalar | undefined;
      const { loss, gradients } = weightGradients(() => {
        const pass = { training: true, statistics, random: random.fork("network", step), ...acrossRanks(context) };
        const logits = network.forward(images, pass);
        accuracy = tf.tidy(() => tf.keep(batchAccuracy(logits, labels)));
        return softmaxCrossEntropy(logits, oneHot(labels, network.classifier.classCount), { labelSmoothing });
      }, weights);
      tf.dispose([images, labels]);
      await statistics.synchronise(communicator);
      return {
        loss,
        gradients,
        metrics: { accuracy: accuracy! },
        commit: () => statistics.apply(),
        discard: () => statistics.dispose(),
      };
    },
  };
}

/** Share of rows whose largest logit is that of the label. */
export function batchAccuracy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), labels), "float32")));
}

function oneHot(labels: tf.Tensor1D, classCount: number): tf.Tensor2D {
  return tf.cast(tf.oneHot(labels, classCount), "float32") as tf.Tensor2D;
}

function checkLabels(batch: ImageBatch): void {
  const row = batch.labels.indexOf(UNLABELLED);
  if (row < 0) return;
  throw new InvalidArgumentError(
    `supervised: image ${batch.indices[row]} has no label. Restrict the loader to the labelled images (\`indices: labelledIndices(dataset)\`).`,
    { subject: "labels", expected: "a class index", received: String(UNLABELLED) },
  );
}
