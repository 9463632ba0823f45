import { mapImageGroups } from "@simclr/ops";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { checkKeptShape, checkSteps, contextOf, stepContexts } from "./steps.js";

export interface RandomOrderOptions {
  /** Names the random streams, and the composition in messages and records. @defaultValue "randomOrder" */
  readonly name?: string;
}

/**
 * Applies all of several augmentations to each image, in an order that each image draws anew. What a step draws does not
 * depend on its turn. Records the `order`, as places in `steps`; the steps record too, in their turns.
 *
 * @param steps - They must keep the images' shape.
 * @throws InvalidArgumentError if there is no step, or one is not an augmentation; from `apply`, if one changes the shape.
 */
export function randomOrder(steps: readonly Augmentation[], options: RandomOrderOptions = {}): Augmentation {
  const { name = "randomOrder" } = options;
  checkSteps("randomOrder", { steps });
  return defineAugmentation({
    name,
    apply: (images, context) => {
      const orders = context.randoms.map((random) => random.permutation(steps.length));
      for (const [place, order] of orders.entries()) context.record?.(place, { order: [...order] });
      let current = images;
      for (let turn = 0; turn < steps.length; turn++) {
        const next = mapImageGroups(
          current,
          orders.map((order) => order[turn]!),
          (group, step, places) => {
            const own = stepContexts(steps, contextOf(context, places))[step]!;
            const result = steps[step]!.apply(group, own);
            checkKeptShape(name, result, group, "Crop before it or after it.");
            return result;
          },
        );
        if (current !== images) current.dispose();
        current = next;
      }
      return current;
    },
  });
}
