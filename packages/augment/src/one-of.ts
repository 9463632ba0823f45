import { InvalidArgumentError, type Random } from "@simclr/core";
import { mapImageGroups } from "@simclr/ops";
import type * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { checkKeptShape, checkSteps, contextOf, stepContexts } from "./steps.js";

export interface OneOfOptions {
  /** How likely each choice is, >= 0, in proportion to the others; not all 0. @defaultValue all alike */
  readonly weights?: readonly number[];
  /** Names the random streams, and the composition in messages and records. @defaultValue "oneOf" */
  readonly name?: string;
}

/**
 * Applies one of several augmentations to each image, drawn for each anew. Records the `choice`, from 0; the augmentation
 * that was chosen records too.
 *
 * @param choices - They must all give images of one shape. For several steps as one choice see `compose`; to do nothing
 *   now and then, see `randomApply`.
 * @throws InvalidArgumentError if there is no choice, one is not an augmentation, or the weights do not fit; from `apply`,
 *   if images come out in different shapes.
 */
export function oneOf(choices: readonly Augmentation[], options: OneOfOptions = {}): Augmentation {
  const { name = "oneOf" } = options;
  checkSteps("oneOf", { choices });
  const weights = options.weights ?? choices.map(() => 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length !== choices.length || !weights.every((weight) => weight >= 0) || !(total > 0 && total < Infinity))
    throw new InvalidArgumentError(
      `oneOf: \`weights\` must be ${choices.length} numbers >= 0, one per choice and not all 0; received [${weights.join(", ")}]. Leave them out to draw evenly.`,
      { subject: "weights", expected: `${choices.length} numbers >= 0`, received: `[${weights.join(", ")}]` },
    );
  return defineAugmentation({
    name,
    apply: (images, context) => {
      const chosen = context.randoms.map((random) => drawIndex(random, weights, total));
      for (const [place, choice] of chosen.entries()) context.record?.(place, { choice });
      let first: tf.Tensor4D | undefined;
      return mapImageGroups(images, chosen, (group, choice, places) => {
        // The streams of a choice are named by its place among all choices, not by which were drawn.
        const own = stepContexts(choices, contextOf(context, places))[choice]!;
        const result = choices[choice]!.apply(group, own);
        first ??= result;
        checkKeptShape(name, result, first, "Give all choices crops of one size, or none.");
        return result;
      });
    },
  });
}

function drawIndex(random: Random, weights: readonly number[], total: number): number {
  let left = random.uniform(0, total);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return i;
  }
  return weights.findLastIndex((weight) => weight > 0); // rounding may leave a little over
}
