import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type AugmentKeys, type AugmentOptions, augment } from "./augment.js";
import type { Augmentation } from "./augmentation.js";

/**
 * Several views of each image, each by its own recipe, as SwAV takes two large and six small ones. View v is what
 * `augment` gives for the recipe `recipes[v]` and the view v.
 *
 * @param images - float32 [N, H, W, C], nominally in [0, 1]. Not disposed.
 * @param recipes - One recipe per view, such as `swavMultiCrop()`; the same one may come several times.
 * @param options - `record` is told of all views, with `"view0"`, `"view1"` … in front of the path.
 * @returns One batch per view, float32 [N, S, S, C], each of its recipe's size. The caller disposes them; nothing else
 *   stays in memory.
 * @throws InvalidArgumentError if there is no recipe, or where `augment` throws.
 * @see Caron et al. 2020, arXiv:2006.09882, section 3.2
 */
export function multiCrop(
  images: tf.Tensor4D,
  recipes: readonly (readonly Augmentation[])[],
  keys: Omit<AugmentKeys, "view">,
  options: AugmentOptions = {},
): tf.Tensor4D[] {
  if (recipes.length === 0)
    throw new InvalidArgumentError(
      "multiCrop: `recipes` must hold one recipe per view; received none. Pass swavMultiCrop(), or lists of your own.",
      { subject: "recipes", expected: "at least one recipe", received: "none" },
    );
  const { record } = options;
  return tf.tidy(() =>
    recipes.map((recipe, view) => {
      const own: AugmentOptions = record
        ? { record: (place, parameters, ...path) => record(place, parameters, `view${view}`, ...path) }
        : {};
      return augment(images, recipe, { ...keys, view }, own);
    }),
  );
}
