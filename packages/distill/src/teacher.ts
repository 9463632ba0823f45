import { InvalidArgumentError } from "@simclr/core";
import type { ClassifierNetwork } from "@simclr/models";
import * as tf from "@tensorflow/tfjs-core";

/** Whatever answers for the classes of images. */
export interface Teacher {
  readonly classCount: number;
  /**
   * @param images - float32 `[N, S, S, C]`, the crops that the student's are made of. Not disposed.
   * @param indices - The place of each image in its data set, `[N]`.
   * @returns Logits, float32 `[N, classCount]`; the caller disposes them.
   */
  logits(images: tf.Tensor4D, indices: Int32Array): Promise<tf.Tensor2D>;
}

/** A network, in inference mode. */
export function networkTeacher(network: ClassifierNetwork): Teacher {
  return {
    classCount: network.classifier.classCount,
    logits: async (images) => tf.tidy(() => network.forward(images, { training: false })),
  };
}

/**
 * Several networks as one teacher, whose distribution is the mean of theirs at temperature 1. Its logits are the logarithm of
 * that mean: with one network they give, at any temperature, that network's distribution.
 *
 * @param networks - One or more, with the same classes in the same order. Borrowed.
 * @throws InvalidArgumentError if there is none, or their numbers of classes differ.
 * @see Hinton et al. 2015, arXiv:1503.02531, section 1
 */
export function ensemble(networks: readonly ClassifierNetwork[]): Teacher {
  const [first] = networks;
  if (first === undefined)
    throw new InvalidArgumentError("ensemble: `networks` must hold one network or more; received none.", {
      subject: "networks",
      expected: "one or more",
      received: "none",
    });
  const { classCount } = first.classifier;
  const other = networks.findIndex(({ classifier }) => classifier.classCount !== classCount);
  if (other >= 0) {
    const received = String(networks[other]!.classifier.classCount);
    throw new InvalidArgumentError(
      `ensemble: all networks must know the same classes; the first knows ${classCount}, network ${other} knows ${received}. Leave it out.`,
      { subject: `networks[${other}]`, expected: String(classCount), received },
    );
  }
  return { classCount, logits: async (images) => ensembleLogits(networks, images) };
}

/**
 * The logarithm of the mean of the networks' distributions at temperature 1, in inference mode.
 *
 * @param networks - One or more, with the same classes in the same order. Borrowed.
 * @param images - float32 `[N, S, S, C]`. Not disposed.
 * @returns float32 `[N, classCount]`; the caller disposes it.
 */
export function ensembleLogits(networks: readonly ClassifierNetwork[], images: tf.Tensor4D): tf.Tensor2D {
  return tf.tidy(() => {
    const each = networks.map((network) => tf.logSoftmax(network.forward(images, { training: false }))); // [N, C]
    return tf.sub(tf.logSumExp(tf.stack(each), 0), Math.log(each.length)) as tf.Tensor2D; // [N, C]
  });
}

/**
 * Logits that were computed before, one row for each image of a data set: no teacher runs while the student trains. The
 * teacher then answers for the image as it was when the logits were made, not for the crop that the student sees, which is not
 * what the paper does.
 *
 * @param logits - Row-major `[size, classCount]`, in the order of the data set. Kept, not copied.
 * @throws InvalidArgumentError if the length is no multiple of `classCount`; in a step, for an index beyond the rows.
 */
export function cachedTeacher(logits: Float32Array, classCount: number): Teacher {
  const rows = logits.length / classCount;
  if (!Number.isInteger(rows) || rows === 0)
    throw new InvalidArgumentError(
      `cachedTeacher: \`logits\` must hold rows of ${classCount}; received ${logits.length} numbers. Pass the logits of all images.`,
      { subject: "logits", expected: `a multiple of ${classCount}`, received: String(logits.length) },
    );
  return {
    classCount,
    async logits(_, indices) {
      const values = new Float32Array(indices.length * classCount);
      indices.forEach((index, row) => {
        if (index < 0 || index >= rows)
          throw new InvalidArgumentError(
            `cachedTeacher: there are logits of ${rows} images, and none of image ${index}. Make them for the data set that the student sees.`,
            { subject: "indices", expected: `below ${rows}`, received: String(index) },
          );
        values.set(logits.subarray(index * classCount, (index + 1) * classCount), row * classCount);
      });
      return tf.tensor2d(values, [indices.length, classCount]);
    },
  };
}
