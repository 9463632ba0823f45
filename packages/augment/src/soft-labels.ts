import { checkInteger, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Class indices as the soft labels that mixing takes: 1 for the class, 0 for the others.
 *
 * @param classes - Class of each image, [N], in [0, classCount); such as the `labels` of a batch.
 * @param classCount - Number of classes K, >= 1.
 * @returns float32 [N, K]. The caller disposes it.
 * @throws InvalidArgumentError if an image has no class, or one that does not exist.
 */
export function softLabels(classes: ArrayLike<number>, classCount: number): tf.Tensor2D {
  checkInteger("softLabels", { classCount }, 1);
  const values = new Float32Array(classes.length * classCount);
  for (let i = 0; i < classes.length; i++) {
    const label = classes[i]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classCount))
      throw new InvalidArgumentError(
        `softLabels: \`classes\` must be whole numbers in [0, ${classCount - 1}]; received ${label} for image ${i}. Take unlabelled images out of the batch.`,
        { subject: "classes", expected: `in [0, ${classCount - 1}]`, received: String(label) },
      );
    values[i * classCount + label] = 1;
  }
  return tf.tensor2d(values, [classes.length, classCount]);
}
