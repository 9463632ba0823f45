import { type Augmentation, batchView } from "@simclr/augment";
import { checkInRange, checkPositive, type ImageBatch, InvalidArgumentError, UNLABELLED } from "@simclr/core";
import { distillationLoss, distillationWithLabels } from "@simclr/losses";
import { acrossRanks, trainable, weightGradients } from "@simclr/methods";
import { BatchStatistics, type ClassifierNetwork } from "@simclr/models";
import type { StepContext, StepResult, TrainingTask } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";

export interface DistillationOptions {
  /** The fine-tuned network, in inference mode and never changed. Borrowed. */
  readonly teacher: ClassifierNetwork;
  /** Trained in place; of any architecture with the teacher's classes. Borrowed. */
  readonly student: ClassifierNetwork;
  /** Drawn once per image: teacher and student see the same crop. */
  readonly recipe: readonly Augmentation[];
  /** τ of both softmaxes, > 0: the paper takes 0.1 for self-distillation and 1 for a smaller student. */
  readonly temperature: number;
  /** Multiplies the loss by τ², so that gradients keep their size. @defaultValue true */
  readonly scaleByTemperatureSquared?: boolean;
  /** Weight α of the distillation term beside the labels' cross-entropy (Eq. 3); 1 ignores labels (Eq. 2). @defaultValue 1 */
  readonly alpha?: number;
}

/**
 * Distillation: the student learns the teacher's class distribution on every image, labelled or not.
 *
 * Metrics of a step: `agreement` (share of images on which both prefer the same class) and `teacherEntropy` (mean
 * entropy of the teacher's distribution at τ = 1, in nats).
 *
 * @throws InvalidArgumentError if the classes differ, τ is not > 0 or α is not in [0, 1].
 * @see Chen et al. 2020, arXiv:2006.10029, Eq. 2 and 3
 */
export function distillation(options: DistillationOptions): TrainingTask<ImageBatch> {
  const { teacher, student, recipe, temperature, scaleByTemperatureSquared = true, alpha = 1 } = options;
  checkPositive("distillation", { temperature });
  checkInRange("distillation", { alpha }, 0, 1);
  const { classCount } = student.classifier;
  if (classCount !== teacher.classifier.classCount) {
    throw new InvalidArgumentError(
      `distillation: the student must have the teacher's ${teacher.classifier.classCount} classes; it has ${classCount}.`,
      { subject: "student", expected: String(teacher.classifier.classCount), received: String(classCount) },
    );
  }
  const weights = trainable(student.weights);
  const lossOptions = { temperature, scaleByTemperatureSquared };

  return {
    name: "distillation",
    weights,
    state: student.weights,
    async step(batch: ImageBatch, context: StepContext): Promise<StepResult> {
      const { random, epoch, step } = context;
      const images = batchView(batch, recipe, { random, epoch, step, view: 0 });
      const teacherLogits = tf.tidy(() => teacher.forward(images, { training: false }));
      const targets = alpha < 1 ? labelTargets(batch, classCount) : undefined;
      const statistics = new BatchStatistics();
      let agreement: tf.Scalar | undefined;
      const { loss, gradients } = weightGradients(() => {
        const logits = student.forward(images, {
          ...{ training: true, statistics, random: random.fork("network", step) },
          ...acrossRanks(context),
        });
        agreement = tf.tidy(() => tf.keep(shareOfAgreement(logits, teacherLogits)));
        if (targets === undefined) return distillationLoss(logits, teacherLogits, lossOptions);
        const { oneHot, mask } = targets;
        return distillationWithLabels(logits, teacherLogits, oneHot, { ...lossOptions, alpha, labelled: mask });
      }, weights);
      const teacherEntropy = meanEntropy(teacherLogits);
      tf.dispose([images, teacherLogits]);
      if (targets !== undefined) tf.dispose([targets.oneHot, targets.mask]);
      return {
        loss,
        gradients,
        metrics: { agreement: agreement!, teacherEntropy },
        commit: () => statistics.apply(),
        discard: () => statistics.dispose(),
      };
    },
  };
}

/** One-hot labels [N, K], rows of zeros for unlabelled images, and the mask [N] of the labelled. */
function labelTargets(batch: ImageBatch, classCount: number): { oneHot: tf.Tensor2D; mask: tf.Tensor1D } {
  return tf.tidy(() => {
    const labels = tf.tensor1d(batch.labels, "int32");
    return {
      oneHot: tf.cast(tf.oneHot(labels, classCount), "float32") as tf.Tensor2D,
      mask: tf.cast(tf.notEqual(labels, UNLABELLED), "float32") as tf.Tensor1D,
    };
  });
}

function shareOfAgreement(a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar {
  return tf.mean(tf.cast(tf.equal(tf.argMax(a, 1), tf.argMax(b, 1)), "float32"));
}

function meanEntropy(logits: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => tf.neg(tf.mean(tf.sum(tf.mul(tf.softmax(logits), tf.logSoftmax(logits)), 1))));
}
