import { checkInteger } from "@simclr/core";
import { imagesFor } from "../predict/images-for.js";
import type { TrainedModel } from "../predict/load-trained-model.js";
import { featuresOf, representation } from "../stages/measure.js";

export interface EmbedOptions {
  /** From `loadTrainedModel`; with a classifier or without. Borrowed. */
  readonly model: TrainedModel;
  /** Whatever `openDataset` takes. */
  readonly images: string;
  /** Only the image of this name. @defaultValue all */
  readonly only?: string;
  /** A file of labels, as `openDataset` takes it. @defaultValue what the images say themselves */
  readonly labels?: string;
  /** `"skip"` leaves broken images out, and lists them. @defaultValue "error" */
  readonly onBroken?: "error" | "skip";
  /** Images at a time. @defaultValue 200 */
  readonly batchSize?: number;
}

/** The representation h of images: what the encoder makes of each, before any head. */
export interface Embeddings {
  /** Names of the images: paths below the folder, or inside the archive. */
  readonly files: readonly string[];
  /** What the folder or a list says; undefined where an image has no label. */
  readonly labels: readonly (string | undefined)[];
  /** Row-major [files.length, dimension]. */
  readonly features: Float32Array;
  readonly dimension: number;
  /** Broken images that were left out, with reasons. */
  readonly skipped: readonly string[];
}

/**
 * The representations of all images, with the test-time crop that the model asks for.
 *
 * @throws DataError if there are no images or one is broken; InvalidArgumentError if there is no image called `only`.
 */
export async function embed(options: EmbedOptions): Promise<Embeddings> {
  const { model, images, labels: file, only, onBroken = "error", batchSize = 200 } = options;
  checkInteger("embed", { batchSize }, 1);
  const { encoder, preprocessing } = model.model;
  const { channels } = encoder.input;
  const opened = await imagesFor("embed", images, {
    ...{ channels, preprocessing, onBroken },
    ...(only !== undefined && { only }),
    ...(file !== undefined && { labels: file }),
  });
  try {
    const { dataset, recipe, skipped } = opened;
    const { values, dimension, labels } = await featuresOf(dataset, recipe, batchSize, representation(encoder));
    return {
      files: Array.from(labels, (_, row) => dataset.id(row)),
      labels: Array.from(labels, (label) => dataset.classNames[label]),
      features: values,
      dimension,
      skipped,
    };
  } finally {
    await opened.close();
  }
}
