import { type ImageBatch, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type AugmentKeys, type AugmentOptions, augment, splitCrop } from "./augment.js";
import type { Augmentation } from "./augmentation.js";
import { toImages } from "./to-images.js";

/**
 * One augmented view of a loader's batch, whichever way the loader crops: raw images go through the whole recipe;
 * of views that were cropped where they were decoded, only the rest of the recipe is applied.
 *
 * @param keys - `keys.view` also chooses the cropped view; the indices are those of the batch.
 * @param options - `record` is not told of crops that the loader made.
 * @returns float32 [N, S, S, C] in [0, 1]. The caller disposes it.
 * @throws InvalidArgumentError if the batch has no such view.
 */
export function batchView(
  batch: ImageBatch,
  recipe: readonly Augmentation[],
  keys: Omit<AugmentKeys, "indices">,
  options: AugmentOptions = {},
): tf.Tensor4D {
  const withIndices: AugmentKeys = { ...keys, indices: batch.indices };
  return tf.tidy(() => {
    if (batch.kind === "raw") return augment(toImages(batch), recipe, withIndices, options);
    const view = batch.views[keys.view];
    if (view === undefined) {
      throw new InvalidArgumentError(
        `batchView: the batch holds ${batch.views.length} cropped views, but view ${keys.view} was asked for. ` +
          "Create the loader with as many `views` as the task uses.",
        { subject: "view", expected: `< ${batch.views.length}`, received: String(keys.view) },
      );
    }
    // A copy: not every backend reads shared memory, and a loader may use that of a batch again.
    return augment(tf.tensor4d(view.slice(), [...batch.shape]), splitCrop(recipe).rest, withIndices, options);
  });
}
