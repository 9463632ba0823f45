import {
  augmentStream,
  type CropSpec,
  checkInteger,
  checkShape,
  InvalidArgumentError,
  type Random,
} from "@simclr/core";
import type * as tf from "@tensorflow/tfjs-core";
import type { Augmentation } from "./augmentation.js";
import type { RecordDraw } from "./record.js";
import { applySteps, checkAugmentations, stepContexts } from "./steps.js";

/** What names the random numbers of one augmented batch: never a rank, a worker or the order of calls. */
export interface AugmentKeys {
  /** The run's stream for augmentation; not advanced. */
  readonly random: Random;
  /** Pass over the data, >= 0. */
  readonly epoch: number;
  /** Optimizer update, counted over the whole run, >= 0. */
  readonly step: number;
  /** 0 for the first view of each image, 1 for the second, and so on. */
  readonly view: number;
  /** Index of each image in its dataset, [N]. */
  readonly indices: ArrayLike<number>;
}

export interface AugmentOptions {
  /**
   * Is told what each step draws for each image: `(place, parameters, ...path)`, the path beginning with the step's
   * name. Views are the same with and without it.
   */
  readonly record?: RecordDraw;
}

/**
 * Augments a batch of images: applies the steps of a recipe in order.
 *
 * What an image becomes depends on the seed, the epoch, the view and its index in the dataset; only what is drawn per
 * batch (the blur's sigma) depends on the step too. A batch that is split over ranks is the same batch. Call it once
 * per view.
 *
 * @param images - float32 [N, H, W, C], nominally in [0, 1]; values are not scanned (see `checkImageValues`). Not disposed.
 * @param recipe - Steps, such as `simclrV2({ size: 224 })`; empty for a copy.
 * @returns float32 [N, H', W', C']. The caller disposes it; nothing else stays in memory.
 * @throws InvalidArgumentError if `keys.indices` does not name each image, the recipe holds anything else, or an augmentation
 *   cannot take the images.
 */
export function augment(
  images: tf.Tensor4D,
  recipe: readonly Augmentation[],
  keys: AugmentKeys,
  options: AugmentOptions = {},
): tf.Tensor4D {
  const { random, epoch, step, view, indices } = keys;
  checkShape("augment", { images }, [null, null, null, null], "Images are [N, H, W, C].");
  checkAugmentations("augment", { recipe });
  checkInteger("augment", { epoch });
  checkInteger("augment", { step });
  checkInteger("augment", { view });
  const batchSize = images.shape[0];
  if (indices.length !== batchSize)
    throw new InvalidArgumentError(
      `augment: \`keys.indices\` must name each of the ${batchSize} images; received ${indices.length} indices. Pass the \`indices\` of the batch.`,
      { subject: "keys.indices", expected: String(batchSize), received: String(indices.length) },
    );
  const imageStreams = Array.from({ length: batchSize }, (_, i) => augmentStream(random, epoch, indices[i]!, view));
  const batchStream = random.fork("augment-batch", epoch, step, view);
  const context = { randoms: imageStreams, batchRandom: batchStream, ...options };
  return applySteps(images, recipe, stepContexts(recipe, context));
}

/**
 * Parts a recipe into the crop that a loader can do where images are decoded, and the rest for the device. A loader
 * that draws boxes with `sampleCropBox(cropStream(random, epoch, index, view), …)` gives the same crops as `augment`.
 *
 * @returns `crop` undefined, and `rest` the whole recipe, where the first step does not crop.
 */
export function splitCrop(recipe: readonly Augmentation[]): {
  readonly crop: CropSpec | undefined;
  readonly rest: readonly Augmentation[];
} {
  const crop = recipe[0]?.crop;
  return { crop, rest: crop === undefined ? recipe : recipe.slice(1) };
}
