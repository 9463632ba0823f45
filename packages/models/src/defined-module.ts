import { InvalidArgumentError, type Random, type Weight, type WeightRole } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

const NAME = /^[A-Za-z][A-Za-z0-9-]*$/;
const WEIGHT_NAME = /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/;
const ROLES: Readonly<Record<WeightRole, true>> = {
  kernel: true,
  bias: true,
  gamma: true,
  beta: true,
  "classifier-kernel": true,
  "classifier-bias": true,
  statistic: true,
};

/** What the definitions of encoders and of heads have in common. */
export interface ModuleDefinition<Options extends object, Site> {
  /** Names it in configurations, checkpoints and messages: letters, digits and "-", starting with a letter. */
  readonly name: string;
  /** Every option with its default, as plain data that a configuration file can hold. @defaultValue no options */
  readonly options?: Options;
  /** Throws if options make no sense together; kinds and names have been checked. @defaultValue no further check */
  checkOptions?(options: Readonly<Options>, site: Site): void;
}

/** What a module of one's own is built with, whatever it is. */
export interface BuildSite<Options extends object> {
  /** All of them: what was asked for over the defaults. */
  readonly options: Readonly<Options>;
  /** Where first values come from: draw each weight from `random.fork(name of the weight)`, as `weightMaker` does. */
  readonly random: Random;
}

/** @throws InvalidArgumentError unless a definition has a name to be called by and a function to be built by. */
export function checkModuleDefinition(where: string, definition: { name: string; build: unknown }): void {
  const { name, build } = definition;
  if (typeof name !== "string" || !NAME.test(name))
    throw new InvalidArgumentError(
      `${where}: \`name\` must be letters, digits and "-", starting with a letter; received ${JSON.stringify(name)}. ` +
        'Name it as a configuration would, such as "conv-net".',
      { subject: "name", expected: String(NAME), received: String(name) },
    );
  if (typeof build !== "function")
    throw new InvalidArgumentError(
      `${where}: \`build\` of "${name}" must be a function (site) => module; received ${typeof build}. Pass the function itself.`,
      { subject: "build", expected: "a function", received: typeof build },
    );
}

/**
 * Takes over the weights that an author made: puts the module's name before theirs.
 *
 * @param where - Such as `encoder "conv-net"`.
 * @param isFrozen - Whether they must not be trained: their variables then become so.
 * @throws InvalidArgumentError for a name that is no path or comes twice, an unknown role, no variable, or a running
 * statistic that would be trained.
 */
export function adoptWeights(where: string, prefix: string, weights: readonly Weight[], isFrozen: boolean): Weight[] {
  const seen = new Set<string>();
  if (!Array.isArray(weights)) refuse(where, "`weights`", "a list of weights", typeof weights);
  return weights.map(({ name, role, variable }) => {
    if (typeof name !== "string" || !WEIGHT_NAME.test(name))
      refuse(where, "the name of a weight", 'a path such as "block0/kernel"', JSON.stringify(name));
    if (seen.has(name)) refuse(where, "the names of the weights", "different from each other", `"${name}" twice`);
    seen.add(name);
    if (!Object.hasOwn(ROLES, role))
      refuse(where, `the role of "${name}"`, `one of ${Object.keys(ROLES).join(", ")}`, JSON.stringify(role));
    if (!(variable instanceof tf.Variable))
      refuse(where, `the variable of "${name}"`, "what tf.variable gives", typeof variable);
    if (role === "statistic" && variable.trainable)
      refuse(where, `the running statistic "${name}"`, "a variable that is not trainable", "a trainable one");
    if (isFrozen) variable.trainable = false;
    return { name: `${prefix}/${name}`, role, variable };
  });
}

/** @throws InvalidArgumentError unless `value` is a float32 matrix of that shape. */
export function checkRows(
  where: string,
  value: unknown,
  rows: number,
  dimension: number,
): asserts value is tf.Tensor2D {
  const expected = `float32 [${rows}, ${dimension}]`;
  let received: string = value instanceof Promise ? "a promise" : typeof value;
  if (value instanceof tf.Tensor) received = `${value.dtype} [${value.shape.join(", ")}]`;
  if (received === expected) return;
  throw new InvalidArgumentError(
    `${where} must return ${expected}, synchronously, one row for each it was given; received ${received}. Correct its \`forward\`, or what it says of its dimension.`,
    { subject: where, expected, received },
  );
}

function refuse(where: string, subject: string, expected: string, received: string): never {
  throw new InvalidArgumentError(
    `${where}: ${subject} must be ${expected}; received ${received}. Correct what \`build\` gives.`,
    {
      subject,
      expected,
      received,
    },
  );
}
