import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { applySteps, checkSteps, stepContexts } from "./steps.js";

export interface ComposeOptions {
  /** Names the random streams, and the composition in messages and records. @defaultValue "compose" */
  readonly name?: string;
}

/**
 * Several augmentations as one, applied in order: to give a part of a recipe a name, or to pass it to `oneOf`.
 *
 * The steps draw from streams below this one's, so a recipe draws otherwise once a part of it is composed. A crop inside
 * is not seen by `splitCrop`; keep it in the recipe itself. Records nothing of its own; its steps record.
 *
 * @throws InvalidArgumentError if there is no step, or one is not an augmentation.
 */
export function compose(steps: readonly Augmentation[], options: ComposeOptions = {}): Augmentation {
  const { name = "compose" } = options;
  checkSteps("compose", { steps });
  return defineAugmentation({
    name,
    apply: (images, context) => applySteps(images, steps, stepContexts(steps, context)),
  });
}
