import { type Augmentation, augment, batchView } from "@simclr/augment";
import { checkInRange, checkPositive, type ImageBatch, InvalidArgumentError, UNLABELLED } from "@simclr/core";
import { distillationLoss, distillationWithLabels } from "@simclr/losses";
import { acrossRanks, trainable, weightGradients } from "@simclr/methods";
import { BatchStatistics, type ClassifierNetwork } from "@simclr/models";
import type { StepContext, StepResult, TrainingTask } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { networkTeacher, type Teacher } from "./teacher.js";

export interface DistillationOptions {
  /** A fine-tuned network, in inference mode and never changed; an `ensemble`, or the logits of `cachedTeacher`. Borrowed. */
  readonly teacher: ClassifierNetwork | Teacher;
  /** Trained in place; of any architecture with the teacher's classes. Borrowed. */
  readonly student: ClassifierNetwork;
  /** Drawn once per image: teacher and student see the same crop. */
  readonly recipe: readonly Augmentation[];
  /** Steps that the student's images go through besides, such as noise. @defaultValue none, as in the paper */
  readonly studentRecipe?: readonly Augmentation[] | undefined;
  /** τ of both softmaxes, > 0: the paper takes 0.1 for self-distillation and 1 for a smaller student. */
  readonly temperature: number;
  /** Multiplies the loss by τ², so that gradients keep their size. @defaultValue true */
  readonly scaleByTemperatureSquared?: boolean;
  /** Weight α of the distillation term beside the labels' cross-entropy (Eq. 3); 1 ignores labels (Eq. 2). @defaultValue 1 */
  readonly alpha?: number;
  /** τ of the teacher alone, > 0: below `temperature` it sharpens what is taught. @defaultValue `temperature` */
  readonly teacherTemperature?: number | undefined;
  /** Images count only where the teacher's likeliest class has this probability at τ = 1, in [0, 1]. @defaultValue 0: all */
  readonly minConfidence?: number | undefined;
}

/** The view of an image that the student's own steps draw from; the shared crop is view 0. */
const STUDENT_VIEW = 1;

/**
 * Distillation: the student learns the teacher's class distribution on every image, labelled or not.
 *
 * Metrics of a step: `agreement` (share of images on which both prefer the same class) and `teacherEntropy` (mean
 * entropy of the teacher's distribution at τ = 1, in nats); with `minConfidence`, `confident` (share of images that count); and
 * where a batch holds labelled images, `teacherAccuracy` and `studentAccuracy` on those.
 *
 * @throws InvalidArgumentError if the classes differ, τ is not > 0 or α is not in [0, 1].
 * @see Chen et al. 2020, arXiv:2006.10029, Eq. 2 and 3
 */
export function distillation(options: DistillationOptions): TrainingTask<ImageBatch> {
  const { student, recipe, studentRecipe = [], temperature, scaleByTemperatureSquared = true, alpha = 1 } = options;
  const { teacherTemperature = temperature, minConfidence = 0 } = options;
  checkPositive("distillation", { temperature });
  checkPositive("distillation", { teacherTemperature });
  checkInRange("distillation", { alpha }, 0, 1);
  checkInRange("distillation", { minConfidence }, 0, 1);
  const teacher = "classCount" in options.teacher ? options.teacher : networkTeacher(options.teacher);
  const { classCount } = student.classifier;
  if (classCount !== teacher.classCount) {
    throw new InvalidArgumentError(
      `distillation: the student must have the teacher's ${teacher.classCount} classes; it has ${classCount}.`,
      { subject: "student", expected: String(teacher.classCount), received: String(classCount) },
    );
  }
  const weights = trainable(student.weights);
  const lossOptions = { temperature, scaleByTemperatureSquared, teacherTemperature, minConfidence };

  return {
    name: "distillation",
    weights,
    state: student.weights,
    async step(batch: ImageBatch, context: StepContext): Promise<StepResult> {
      const { random, epoch, step } = context;
      const images = batchView(batch, recipe, { random, epoch, step, view: 0 });
      const teacherLogits = await teacher.logits(images, batch.indices);
      const own = { random, epoch, step, view: STUDENT_VIEW, indices: batch.indices };
      const studentImages = studentRecipe.length === 0 ? images : augment(images, studentRecipe, own);
      const targets = alpha < 1 ? labelTargets(batch, classCount) : undefined;
      const statistics = new BatchStatistics();
      let metrics: Record<string, tf.Scalar> = {};
      const { loss, gradients } = weightGradients(() => {
        const logits = student.forward(studentImages, {
          ...{ training: true, statistics, random: random.fork("network", step) },
          ...acrossRanks(context),
        });
        metrics = watch(logits, teacherLogits, batch.labels, minConfidence);
        if (targets === undefined) return distillationLoss(logits, teacherLogits, lossOptions);
        const { oneHot, mask } = targets;
        return distillationWithLabels(logits, teacherLogits, oneHot, { ...lossOptions, alpha, labelled: mask });
      }, weights);
      tf.dispose([images, studentImages, teacherLogits]);
      if (targets !== undefined) tf.dispose([targets.oneHot, targets.mask]);
      return {
        loss,
        gradients,
        metrics,
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

/** What a step reports; kept, so that it outlives the tape. */
function watch(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  labels: Int32Array,
  minConfidence: number,
): Record<string, tf.Scalar> {
  return tf.tidy(() => {
    const [studentClass, teacherClass] = [tf.argMax(student, 1), tf.argMax(teacher, 1)]; // [N]
    const share = (holds: tf.Tensor): tf.Scalar => tf.mean(tf.cast(holds, "float32"));
    const metrics: Record<string, tf.Scalar> = {
      agreement: share(tf.equal(studentClass, teacherClass)),
      teacherEntropy: meanEntropy(teacher),
    };
    if (minConfidence > 0) metrics.confident = share(tf.greaterEqual(tf.max(tf.softmax(teacher), 1), minConfidence));
    const known = labels.reduce((count, label) => count + (label === UNLABELLED ? 0 : 1), 0);
    if (known > 0) {
      const truth = tf.tensor1d(labels, "int32"); // UNLABELLED is no class, so it never equals one
      const accuracy = (classes: tf.Tensor): tf.Scalar =>
        tf.div(tf.sum(tf.cast(tf.equal(classes, truth), "float32")), known);
      metrics.teacherAccuracy = accuracy(teacherClass);
      metrics.studentAccuracy = accuracy(studentClass);
    }
    return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, tf.keep(value)]));
  });
}

function meanEntropy(logits: tf.Tensor2D): tf.Scalar {
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.softmax(logits), tf.logSoftmax(logits)), 1)));
}
