import {
  type CropSpec,
  checkCropSpec,
  checkOptions,
  InvalidArgumentError,
  markDefinition,
  type Random,
} from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { RecordDraw } from "./record.js";

/** Where an augmentation draws its random numbers from. */
export interface AugmentationContext {
  /** One stream per image, [N], made for this augmentation: what an image becomes does not depend on its batch. */
  readonly randoms: readonly Random[];
  /** One stream for this augmentation on the whole batch (epoch, step and view), the same on every rank. */
  readonly batchRandom: Random;
  /** Present where somebody wants to know what is drawn: call it once per image, with the image's place. */
  readonly record?: RecordDraw;
}

/** One step of a recipe: changes a batch of images. */
export interface Augmentation {
  /** Names the random streams, and the step in messages. */
  readonly name: string;
  /** What a cropping step does, as data, so that a loader can do it where images are decoded; see `splitCrop`. */
  readonly crop?: CropSpec;
  /**
   * @param images - float32 [N, H, W, C], nominally in [0, 1]. Borrowed: not disposed, not kept.
   * @returns float32 [N, H', W', C']. The caller disposes it. Nothing else stays in memory.
   */
  apply(images: tf.Tensor4D, context: AugmentationContext): tf.Tensor4D;
}

/** An augmentation as a plain object: what `defineAugmentation` takes. */
export interface AugmentationDefinition<Options extends object> {
  /** Names it in configurations and messages, and its random streams. */
  readonly name: string;
  /** Every option with its default, as plain data that a configuration file can hold. @defaultValue no options */
  readonly options?: Options;
  /** Throws if options make no sense together; kinds and names have been checked. @defaultValue no further check */
  checkOptions?(options: Readonly<Options>): void;
  /** As `Augmentation` has it. */
  readonly crop?: CropSpec;
  /** As `Augmentation` has it, with all options: what was asked for over the defaults. */
  apply(images: tf.Tensor4D, context: AugmentationContext, options: Readonly<Options>): tf.Tensor4D;
}

/** An augmentation, with its options as they are by default or as `with` set them. */
export interface DefinedAugmentation<Options extends object> extends Augmentation {
  readonly options: Readonly<Options>;
  /**
   * The same augmentation with other options.
   *
   * @throws InvalidArgumentError if an option is unknown, of the wrong kind, or refused by `checkOptions`.
   */
  with(options: Readonly<Partial<Options>>): DefinedAugmentation<Options>;
}

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/**
 * Makes an augmentation out of a plain object, and checks it at every call: that it gets and returns a batch of float32
 * images, returns as many as it got, at once, keeps its hands off its argument and leaves no tensor behind.
 *
 * @example
 * const invert = defineAugmentation({ name: "invert", apply: (images) => tf.sub(1, images) });
 * const fade = defineAugmentation({
 *   name: "fade",
 *   options: { factor: 0.5 },
 *   apply: (images, _, { factor }) => tf.mul(images, factor),
 * });
 * const recipe = [...fineTune({ size: 32 }), invert, fade.with({ factor: 0.8 })];
 *
 * @throws InvalidArgumentError now, if the name or the crop makes no sense; from `apply`, if a check fails.
 */
export function defineAugmentation<Options extends object = Record<never, never>>(
  definition: AugmentationDefinition<Options>,
): DefinedAugmentation<Options> {
  const { name, crop } = definition;
  if (typeof name !== "string" || !NAME.test(name))
    throw new InvalidArgumentError(
      `defineAugmentation: \`name\` must be letters, digits, "-" and "_", starting with a letter; received ${JSON.stringify(name)}.`,
      { subject: "name", expected: String(NAME), received: String(name) },
    );
  if (typeof definition.apply !== "function")
    throw new InvalidArgumentError(
      `defineAugmentation: \`apply\` of "${name}" must be a function (images, context) => images; received ${typeof definition.apply}.`,
      { subject: "apply", expected: "a function", received: typeof definition.apply },
    );
  if (crop !== undefined) checkCropSpec(`augmentation "${name}"`, crop);
  return configured(definition, { ...definition.options } as Options);
}

function configured<Options extends object>(
  definition: AugmentationDefinition<Options>,
  options: Readonly<Options>,
): DefinedAugmentation<Options> {
  const { name, crop } = definition;
  definition.checkOptions?.(options);
  return markDefinition("augmentation", {
    name,
    ...(crop && { crop }),
    options,
    with(given: Readonly<Partial<Options>>) {
      checkOptions(`augmentation "${name}"`, given, options);
      return configured(definition, { ...options, ...given });
    },
    apply(images: tf.Tensor4D, context: AugmentationContext): tf.Tensor4D {
      checkImages(name, images);
      return tf.tidy(() => {
        const before = tf.memory().numTensors;
        const result: unknown = definition.apply(images, context, options);
        checkResult(name, images, result, tf.memory().numTensors - before - 1);
        return result as tf.Tensor4D;
      });
    },
  });
}

function checkImages(name: string, images: tf.Tensor4D): void {
  if (images.rank === 4 && images.dtype === "float32") return;
  const received = `${images.dtype} [${images.shape.join(", ")}]`;
  throw new InvalidArgumentError(
    `augmentation "${name}": \`images\` must be float32 [N, H, W, C]; received ${received}. Make them with toImages.`,
    { subject: "images", expected: "float32 [N, H, W, C]", received },
  );
}

function checkResult(name: string, images: tf.Tensor4D, result: unknown, left: number): void {
  if (!(result instanceof tf.Tensor)) {
    const received = result instanceof Promise ? "a promise" : typeof result;
    refuse(name, `must return a tensor, synchronously; received ${received}.`, "a tensor", received);
  }
  if (images.isDisposed)
    refuse(
      name,
      "disposed its argument, which it only borrows. Dispose only tensors that it makes.",
      "its argument untouched",
      "disposed",
    );
  if (result === images)
    refuse(
      name,
      "returned the very tensor that it was given. Return tf.clone(images) where nothing changes.",
      "a new tensor",
      "its argument",
    );
  if (left > 0)
    refuse(
      name,
      `left ${left} ${left === 1 ? "tensor" : "tensors"} in memory besides its result. Wrap its body in tf.tidy.`,
      "1 new tensor",
      String(left + 1),
    );
  if (result.rank !== 4 || result.dtype !== "float32" || result.shape[0] !== images.shape[0]) {
    const received = `${result.dtype} [${result.shape.join(", ")}]`;
    const expected = `float32 [${images.shape[0]}, H, W, C]`;
    refuse(name, `must return ${expected}, one image for each it was given; received ${received}.`, expected, received);
  }
}

function refuse(name: string, problem: string, expected: string, received: string): never {
  throw new InvalidArgumentError(`augmentation "${name}" ${problem}`, { subject: name, expected, received });
}
