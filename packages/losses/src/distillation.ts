import { checkInRange, checkPositive, checkSameShape, checkShape } from "@simclr/core";
import { weightedCrossEntropy } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";

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
  /**
   * Temperature of the teacher alone, > 0: a lower one than the student's sharpens what it is taught.
   *
   * @defaultValue `temperature`, as in the paper
   */
  readonly teacherTemperature?: number;
  /**
   * Rows count only if the teacher gives their likeliest class at least this probability at temperature 1, in [0, 1].
   * The sum is still divided by all N rows, as in FixMatch (arXiv:2001.07685, Eq. 4).
   *
   * @defaultValue 0: all rows count, as in the paper
   */
  readonly minConfidence?: number;
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
 * @throws InvalidArgumentError if the shapes differ or an option is out of range.
 * @see Chen et al. 2020, arXiv:2006.10029, Eq. 2
 */
export function distillationLoss(
  studentLogits: tf.Tensor2D,
  teacherLogits: tf.Tensor2D,
  options: DistillationLossOptions,
): tf.Scalar {
  checkTeacher("distillationLoss", studentLogits, teacherLogits, options);
  return tf.tidy(() => distillationTerm(studentLogits, teacherLogits, options, 1));
}

/**
 * Distillation with labels: (1 - α) · cross-entropy of the labelled rows + α · `distillationLoss` of all rows.
 *
 * @param studentLogits - float32 `[N, C]`. Not disposed.
 * @param teacherLogits - float32 `[N, C]`; constants. Not disposed.
 * @param labels - One-hot or soft labels `[N, C]`, int32 or float32; rows that are not labelled are ignored. Not disposed.
 * @returns The loss in nats; float32 `[]`. The caller disposes it.
 * @throws InvalidArgumentError if the shapes do not fit or an option is out of range.
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
  checkTeacher(where, studentLogits, teacherLogits, options);
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
  { temperature, teacherTemperature, minConfidence }: DistillationLossOptions,
): void {
  checkShape(where, { studentLogits }, [null, null]);
  checkSameShape(where, { studentLogits, teacherLogits }, "Teacher and student must know the same classes.");
  checkPositive(where, { temperature });
  if (teacherTemperature !== undefined) checkPositive(where, { teacherTemperature });
  if (minConfidence !== undefined) checkInRange(where, { minConfidence }, 0, 1);
}

function distillationTerm(
  studentLogits: tf.Tensor2D,
  teacherLogits: tf.Tensor2D,
  options: DistillationLossOptions,
  share: number,
): tf.Scalar {
  const {
    temperature,
    scaleByTemperatureSquared = true,
    teacherTemperature = temperature,
    minConfidence = 0,
  } = options;
  const rows = studentLogits.shape[0];
  const scale = scaleByTemperatureSquared ? temperature ** 2 : 1;
  const targets = tf.softmax(tf.div(teacherLogits, teacherTemperature)) as tf.Tensor2D; // [N, C]
  const weights = tf.mul((share * scale) / rows, confidenceMask(teacherLogits, minConfidence)) as tf.Tensor2D; // [N, 1]
  return weightedCrossEntropy(tf.div(studentLogits, temperature), targets, weights); // []
}

/** 1 for the rows that count, 0 for others, `[N, 1]`. */
function confidenceMask(teacherLogits: tf.Tensor2D, minConfidence: number): tf.Tensor {
  if (minConfidence === 0) return tf.ones([teacherLogits.shape[0], 1]);
  const confidence = tf.max(tf.softmax(teacherLogits), 1, true); // [N, 1]
  return tf.cast(tf.greaterEqual(confidence, minConfidence), "float32"); // [N, 1]
}
