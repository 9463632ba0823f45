import { checkInRange, checkPositive, checkSameShape, checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { weightedCrossEntropy } from "./cross-entropy.js";

export interface DistillationLossOptions {
  /** Temperature τ of teacher and student, > 0; the paper uses 0.1 for self-distillation, 1 for a smaller student. */
  readonly temperature: number;
  /**
   * Whether the loss is multiplied by τ², so that its gradient keeps its size as τ changes. The official notebook
   * does; Eq. 2 of the paper does not.
   *
   * @defaultValue true
   */
  readonly scaleByTemperatureSquared?: boolean;
}

export interface DistillationWithLabelsOptions extends DistillationLossOptions {
  /** Share α of the distillation term, in [0, 1]; the labels have 1 - α. */
  readonly alpha: number;
  /**
   * 1 for labelled rows, 0 for others, `[N]`. Not disposed.
   *
   * @defaultValue the rows of `labels` that are not all zero, such as `tf.oneHot` gives for the label -1
   */
  readonly labelled?: tf.Tensor1D;
}

/**
 * Distillation without labels: the student matches the teacher's class distribution. The mean over rows of
 * -sum_y P_T(y; τ) log P_S(y; τ), with P(y; τ) = softmax(logits / τ).
 *
 * @param studentLogits - float32 `[N, C]`. Not disposed.
 * @param teacherLogits - float32 `[N, C]`, of the same augmented crops; constants, no gradient reaches them. Not disposed.
 * @returns The loss in nats (its least value is the teacher's entropy, not 0); float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes differ or τ is not > 0.
 * @see Chen et al. 2020, arXiv:2006.10029, Eq. 2
 */
export function distillationLoss(
  studentLogits: tf.Tensor2D,
  teacherLogits: tf.Tensor2D,
  options: DistillationLossOptions,
): tf.Scalar {
  checkTeacher("distillationLoss", studentLogits, teacherLogits, options.temperature);
  return tf.tidy(() => distillationTerm(studentLogits, teacherLogits, options, 1));
}

/**
 * Distillation with labels: (1 - α) · cross-entropy of the labelled rows + α · `distillationLoss` of all rows.
 *
 * @param studentLogits - float32 `[N, C]`. Not disposed.
 * @param teacherLogits - float32 `[N, C]`; constants. Not disposed.
 * @param labels - One-hot or soft labels `[N, C]`, int32 or float32; rows that are not labelled are ignored. Not disposed.
 * @returns The loss in nats; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes do not fit, τ is not > 0 or α is outside [0, 1].
 * @remarks Eq. 3 adds up over labelled and over all images. Both sums are divided by N here, the number of rows, so
 * a batch in which few rows are labelled gives the labels as little weight as Eq. 3 does. Labels are not softened by τ.
 * @see Chen et al. 2020, arXiv:2006.10029, Eq. 3
 */
export function distillationWithLabels(
  studentLogits: tf.Tensor2D,
  teacherLogits: tf.Tensor2D,
  labels: tf.Tensor2D,
  options: DistillationWithLabelsOptions,
): tf.Scalar {
  const { alpha, labelled } = options;
  const where = "distillationWithLabels";
  checkTeacher(where, studentLogits, teacherLogits, options.temperature);
  checkSameShape(where, { studentLogits, labels }, "Pass one-hot or soft labels, not class indices.");
  checkInRange(where, { alpha }, 0, 1);
  const rows = studentLogits.shape[0];
  if (labelled !== undefined) checkShape(where, { labelled }, [rows], "Give every row a 0 or a 1.");
  return tf.tidy(() => {
    const targets = tf.cast(labels, "float32"); // [N, C]
    const mask = labelled === undefined ? tf.ones([rows, 1]) : tf.reshape(tf.cast(labelled, "float32"), [rows, 1]);
    const labelTerm = weightedCrossEntropy(studentLogits, targets, tf.mul(mask, (1 - alpha) / rows)); // []
    return tf.add(labelTerm, distillationTerm(studentLogits, teacherLogits, options, alpha)); // []
  });
}

function checkTeacher(
  where: string,
  studentLogits: tf.Tensor2D,
  teacherLogits: tf.Tensor2D,
  temperature: number,
): void {
  checkShape(where, { studentLogits }, [null, null]);
  checkSameShape(where, { studentLogits, teacherLogits }, "Teacher and student must know the same classes.");
  checkPositive(where, { temperature });
}

function distillationTerm(
  studentLogits: tf.Tensor2D,
  teacherLogits: tf.Tensor2D,
  { temperature, scaleByTemperatureSquared = true }: DistillationLossOptions,
  share: number,
): tf.Scalar {
  const rows = studentLogits.shape[0];
  const scale = scaleByTemperatureSquared ? temperature ** 2 : 1;
  const targets = tf.softmax(tf.div(teacherLogits, temperature)) as tf.Tensor2D; // [N, C]
  const weights = tf.fill([rows, 1], (share * scale) / rows) as tf.Tensor2D; // [N, 1]
  return weightedCrossEntropy(tf.div(studentLogits, temperature), targets, weights); // []
}
