import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Augmentation, AugmentationContext } from "./augmentation.js";

/**
 * What each step of a list draws from: the streams of `context` forked by the step's name. A name that comes again
 * gets streams of its own: `name`, then `name` 1, `name` 2 …
 */
export function stepContexts(steps: readonly Augmentation[], context: AugmentationContext): AugmentationContext[] {
  const { randoms, batchRandom, record } = context;
  const seen = new Map<string, number>();
  return steps.map(({ name }) => {
    const repeat = seen.get(name) ?? 0;
    seen.set(name, repeat + 1);
    const path = repeat === 0 ? [name] : [name, repeat];
    return {
      randoms: randoms.map((random) => random.fork(...path)),
      batchRandom: batchRandom.fork(...path),
      ...(record && { record: (place, parameters, ...inner) => record(place, parameters, name, ...inner) }),
    };
  });
}

/** The part of a context that belongs to some images of a batch. */
export function contextOf(context: AugmentationContext, places: readonly number[]): AugmentationContext {
  const { randoms, batchRandom, record } = context;
  return {
    randoms: places.map((place) => randoms[place]!),
    batchRandom,
    ...(record && { record: (place, parameters, ...path) => record(places[place]!, parameters, ...path) }),
  };
}

/**
 * Applies steps one after another, each with its own context.
 *
 * @returns A new tensor, a copy where there are no steps; nothing else stays in memory.
 */
export function applySteps(
  images: tf.Tensor4D,
  steps: readonly Augmentation[],
  contexts: readonly AugmentationContext[],
): tf.Tensor4D {
  return tf.tidy(() => {
    let current = images;
    for (const [i, step] of steps.entries()) {
      const next = step.apply(current, contexts[i]!);
      if (current !== images) current.dispose(); // at once: a batch of large images is hundreds of megabytes
      current = next;
    }
    return current === images ? tf.clone(images) : current;
  });
}

/**
 * Throws unless the named argument is a list of augmentations, and not an empty one.
 *
 * @throws InvalidArgumentError naming the first entry that is none.
 */
export function checkSteps(where: string, argument: Readonly<Record<string, readonly Augmentation[]>>): void {
  const [[name, steps] = ["", []]] = Object.entries(argument);
  checkAugmentations(where, argument);
  if (steps.length === 0)
    throw new InvalidArgumentError(
      `${where}: \`${name}\` must be a list of at least one augmentation; received none. Pass them as an array.`,
      { subject: name, expected: "at least one augmentation", received: "none" },
    );
}

/**
 * Throws unless the named argument is a list of augmentations. A factory that nobody called is none, although functions
 * too have a `name` and an `apply`.
 *
 * @throws InvalidArgumentError naming the first entry that is none.
 */
export function checkAugmentations(where: string, argument: Readonly<Record<string, readonly Augmentation[]>>): void {
  const [[name, steps] = ["", []]] = Object.entries(argument);
  if (!Array.isArray(steps))
    throw new InvalidArgumentError(
      `${where}: \`${name}\` must be a list of augmentations; received ${typeof steps}. Pass them as an array.`,
      { subject: name, expected: "a list of augmentations", received: typeof steps },
    );
  const wrong = steps.findIndex((step) => typeof step !== "object" || typeof step?.apply !== "function" || !step.name);
  if (wrong < 0) return;
  const received = typeof steps[wrong];
  throw new InvalidArgumentError(
    `${where}: \`${name}[${wrong}]\` must be an augmentation, with a name and apply; received ${received}. ` +
      "Call the factory, as in flipLeftRight(), or make one with defineAugmentation.",
    { subject: `${name}[${wrong}]`, expected: "an augmentation", received },
  );
}

/**
 * Throws unless images kept the shape that a composition relies on.
 *
 * @throws InvalidArgumentError naming the composition and both shapes.
 */
export function checkKeptShape(where: string, result: tf.Tensor4D, expected: tf.Tensor4D, hint: string): void {
  const [wanted, received] = [expected, result].map(({ shape }) => shape.slice(1).join(", "));
  if (wanted === received) return;
  throw new InvalidArgumentError(
    `${where}: all images must come out as [N, ${wanted}]; some came out as [N, ${received}]. ${hint}`,
    { subject: "steps", expected: `[N, ${wanted}]`, received: `[N, ${received}]` },
  );
}
