import { checkOptions, InvalidArgumentError, markDefinition } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/** A loss as a plain object: what `defineLoss` takes. */
export interface LossDefinition<Inputs extends readonly tf.Tensor[], Options extends object> {
  /** Names the loss in configurations and messages: letters, digits and "-", starting with a letter. */
  readonly name: string;
  /** Every option with its default, as plain data that a configuration file can hold. @defaultValue no options */
  readonly options?: Options;
  /**
   * @param inputs - Borrowed: not disposed, not kept.
   * @param options - All of them: what the caller gave over the defaults.
   * @returns float32 `[]`, synchronously. The caller disposes it. Nothing else stays in memory.
   */
  loss(inputs: Inputs, options: Options): tf.Scalar;
}

/** A loss that was checked when it was defined and checks itself whenever it is called. */
export interface Loss<Inputs extends readonly tf.Tensor[] = readonly tf.Tensor[], Options extends object = object> {
  readonly name: string;
  /** The defaults. */
  readonly options: Readonly<Options>;
  /**
   * @param inputs - Borrowed.
   * @param options - What differs from the defaults; an unknown one is an error.
   * @returns float32 `[]`. The caller disposes it.
   */
  loss(inputs: Inputs, options?: Partial<Options>): tf.Scalar;
  /**
   * The same loss with other defaults.
   *
   * @throws InvalidArgumentError if an option is unknown or of another kind than its default.
   */
  with(options: Partial<Options>): Loss<Inputs, Options>;
}

/** Losses of two views of the same images, float32 `[N, D]` each: what a pretraining method can exchange. */
export type PairLoss<Options extends object = object> = Loss<readonly [z1: tf.Tensor2D, z2: tf.Tensor2D], Options>;

const NAME = /^[A-Za-z][A-Za-z0-9-]*$/;

/**
 * Makes a loss out of a plain object. What is built in is defined by the same function; `checkLoss` of
 * `@simclr/losses/testing` tests what a definition promises.
 *
 * @example
 * const alignment = defineLoss({
 *   name: "alignment",
 *   options: { power: 2 },
 *   loss: ([z1, z2]: readonly [tf.Tensor2D, tf.Tensor2D], { power }) =>
 *     tf.tidy(() => tf.mean<tf.Scalar>(tf.pow(tf.norm(tf.sub(z1, z2), 2, 1), power))),
 * });
 * alignment.loss([z1, z2], { power: 1 });
 *
 * @throws InvalidArgumentError now, if the definition makes no sense; from `loss`, if an option is unknown or the result
 * is not a float32 scalar.
 */
export function defineLoss<Inputs extends readonly tf.Tensor[], Options extends object = Record<string, never>>(
  definition: LossDefinition<Inputs, Options>,
): Loss<Inputs, Options> {
  const { name } = definition;
  if (typeof name !== "string" || !NAME.test(name))
    throw new InvalidArgumentError(
      `defineLoss: \`name\` must be letters, digits and "-", starting with a letter; received ${JSON.stringify(name)}. ` +
        'Name it as a configuration would, such as "nt-xent".',
      { subject: "name", expected: String(NAME), received: String(name) },
    );
  if (typeof definition.loss !== "function")
    throw new InvalidArgumentError(
      `defineLoss: \`loss\` of "${name}" must be a function (inputs, options) => scalar; received ${typeof definition.loss}. ` +
        "Pass the function itself.",
      { subject: "loss", expected: "a function", received: typeof definition.loss },
    );
  return configured(definition, Object.freeze({ ...definition.options }) as Readonly<Options>);
}

function configured<Inputs extends readonly tf.Tensor[], Options extends object>(
  definition: LossDefinition<Inputs, Options>,
  options: Readonly<Options>,
): Loss<Inputs, Options> {
  const { name } = definition;
  const withOptions = (given: Partial<Options>): Loss<Inputs, Options> => {
    checkOptions(`loss "${name}"`, given, options);
    return configured(definition, Object.freeze({ ...options, ...given }));
  };
  const loss = (inputs: Inputs, given: Partial<Options> = {}): tf.Scalar => {
    checkOptions(`loss "${name}"`, given, options);
    const result: unknown = definition.loss(inputs, { ...options, ...given });
    checkResult(name, result);
    return result;
  };
  return Object.freeze(markDefinition("loss", { name, options, loss, with: withOptions }));
}

function checkResult(name: string, result: unknown): asserts result is tf.Scalar {
  if (result instanceof tf.Tensor && result.rank === 0 && result.dtype === "float32") return;
  let received: string = typeof result;
  if (result instanceof Promise) received = "a promise";
  if (result instanceof tf.Tensor) received = `${result.dtype} [${result.shape.join(", ")}]`;
  throw new InvalidArgumentError(
    `loss "${name}" must return a float32 scalar, synchronously; received ${received}. Reduce it with tf.mean or tf.sum.`,
    { subject: name, expected: "float32 []", received },
  );
}
