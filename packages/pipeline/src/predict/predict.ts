import { evaluate } from "@simclr/augment";
import { checkInteger, InvalidArgumentError } from "@simclr/core";
import { cacheDecoded, openDataset } from "@simclr/data";
import { featuresOf, logitsOf } from "../stages/measure.js";
import type { LoadedClassifier } from "./load-classifier.js";

export interface PredictOptions {
  /** From `loadClassifier`. Borrowed. */
  readonly classifier: LoadedClassifier;
  /** A folder, a tar file or a pattern of tar files, as `openDataset` takes it. */
  readonly images: string;
  /** `"skip"` leaves broken images out, and lists them. @defaultValue "error" */
  readonly onBroken?: "error" | "skip";
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
 * Classifies every image of a folder or an archive, with the test-time crop of the reference.
 *
 * @throws DataError if there are no images or one is broken.
 */
export async function predict(options: PredictOptions): Promise<Predictions> {
  const { classifier, images, onBroken = "error", batchSize = 200 } = options;
  checkInteger("predict", { batchSize }, 1);
  const { network, classNames, imageSize } = classifier;
  const { channels } = network.encoder.describe();
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new InvalidArgumentError(
      `predict: the classifier takes images of ${channels} channels, and files give 1, 3 or 4. Run its network on your own images.`,
      { subject: "classifier", expected: "1, 3 or 4 channels", received: String(channels) },
    );
  const dataset = await openDataset(images, { split: "test", channels, onBroken });
  try {
    const decoded = await cacheDecoded(dataset, { maxSide: 2 * imageSize, onBroken });
    const recipe = evaluate({ size: imageSize });
    const { values, dimension, labels } = await featuresOf(decoded, recipe, batchSize, logitsOf(network));
    const predictions = Array.from(labels, (truth, row): Prediction => {
      const probabilities = softmax(values.subarray(row * dimension, (row + 1) * dimension));
      const best = probabilities.indexOf(Math.max(...probabilities));
      return {
        file: decoded.id(row),
        label: classNames[best]!,
        probabilities,
        truth: truth < 0 ? undefined : decoded.classNames[truth],
      };
    });
    const skipped = decoded.skipped.map(({ id, reason }) => `${id}: ${reason}`);
    await decoded.close();
    return { classNames, images: predictions, skipped };
  } finally {
    await dataset.close();
  }
}

function softmax(logits: Float32Array): number[] {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
