import { checkInteger, DataError, type Dataset } from "@simclr/core";
import { featuresOf, logitsOf } from "../stages/measure.js";
import { imagesFor } from "./images-for.js";
import type { LoadedClassifier } from "./load-classifier.js";

export interface PredictOptions {
  /** From `loadClassifier`. Borrowed. */
  readonly classifier: LoadedClassifier;
  /** A folder, a tar file or a pattern of tar files, as `openDataset` takes it. */
  readonly images: string;
  /** `"skip"` leaves broken images out, and lists them. @defaultValue "error" */
  readonly onBroken?: "error" | "skip";
  /**
   * What the classes of a model without class names are called: their numbers, or the class folders in sorted order.
   * @defaultValue "numbers"
   */
  readonly unnamed?: "numbers" | "folders";
  /** Images at a time. @defaultValue 200 */
  readonly batchSize?: number;
}

/** What the classifier says of one image. */
export interface Prediction {
  /** The image's path, below the folder or inside the archive. */
  readonly file: string;
  readonly label: string;
  /** Of each class, in the order of the class names; they sum to 1. */
  readonly probabilities: readonly number[];
  /** What the folder or the `labels.csv` says; undefined where the image has no label. */
  readonly truth: string | undefined;
}

export interface Predictions {
  readonly classNames: readonly string[];
  /** In the order of the data set. */
  readonly images: readonly Prediction[];
  /** Broken images that were left out, with reasons. */
  readonly skipped: readonly string[];
}

/**
 * Classifies every image of a folder or an archive, with the test-time crop that the model asks for.
 *
 * @throws DataError if there are no images or one is broken.
 */
export async function predict(options: PredictOptions): Promise<Predictions> {
  const { classifier, images, onBroken = "error", unnamed = "numbers", batchSize = 200 } = options;
  checkInteger("predict", { batchSize }, 1);
  const { network, preprocessing } = classifier;
  const opened = await imagesFor("predict", images, {
    channels: network.encoder.input.channels,
    preprocessing,
    onBroken,
  });
  try {
    const { dataset, recipe, skipped } = opened;
    const { classCount } = network.classifier;
    const classNames = classifier.classNames ?? namesFor(classCount, unnamed === "folders" ? dataset : undefined);
    const { values, dimension, labels } = await featuresOf(dataset, recipe, batchSize, logitsOf(network));
    const predictions = Array.from(labels, (truth, row): Prediction => {
      const probabilities = softmax(values.subarray(row * dimension, (row + 1) * dimension));
      const best = probabilities.indexOf(Math.max(...probabilities));
      return {
        file: dataset.id(row),
        label: classNames[best]!,
        probabilities,
        truth: truth < 0 ? undefined : dataset.classNames[truth],
      };
    });
    return { classNames, images: predictions, skipped };
  } finally {
    await opened.close();
  }
}

/** Names for outputs that have none. */
function namesFor(classCount: number, dataset: Dataset | undefined): readonly string[] {
  if (dataset === undefined) return Array.from({ length: classCount }, (_, i) => String(i));
  if (dataset.classNames.length === classCount) return dataset.classNames;
  throw new DataError(
    `predict: the images must have ${classCount} classes, one for each output of the classifier; they have ${dataset.classNames.length}. Name the classes of the model, or give a folder with all of them.`,
    { expected: String(classCount), received: String(dataset.classNames.length) },
  );
}

function softmax(logits: Float32Array): number[] {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
