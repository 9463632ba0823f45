import { checkInRange } from "@simclr/core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { drawEach, mapDrawn } from "./per-image.js";
import { applySteps, checkKeptShape, checkSteps, contextOf, stepContexts } from "./steps.js";

export interface RandomApplyOptions {
  /** Chance that all steps are applied to an image, in [0, 1]; otherwise none is. @defaultValue 0.5 */
  readonly probability?: number;
  /** Names the random streams, and the composition in messages and records. @defaultValue "randomApply" */
  readonly name?: string;
}

/**
 * Applies a list of augmentations to some of the images, and leaves the others as they are, to the last bit. Records
 * `applied`; its steps record too, for those images.
 *
 * @param steps - Applied in order; they must keep the images' shape.
 * @throws InvalidArgumentError if there is no step, one is not an augmentation, or the probability leaves [0, 1]; from
 *   `apply`, if the steps change the shape.
 */
export function randomApply(steps: readonly Augmentation[], options: RandomApplyOptions = {}): Augmentation {
  const { probability = 0.5, name = "randomApply" } = options;
  checkSteps("randomApply", { steps });
  checkInRange("randomApply", { probability }, 0, 1);
  return defineAugmentation({
    name,
    apply: (images, context) =>
      mapDrawn(
        images,
        drawEach(context, probability, () => ({})),
        (group, _, places) => {
          const result = applySteps(group, steps, stepContexts(steps, contextOf(context, places)));
          checkKeptShape(name, result, group, "Crop every image, outside of it, before or after.");
          return result;
        },
      ),
  });
}
