import type { Augmentation } from "@simclr/augment";
import { InvalidArgumentError, markDefinition, type Random, type Weight } from "@simclr/core";
import type { ForwardOptions, NetworkParts } from "@simclr/models";
import type * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";

/** What a method is built on: the network that is pretrained, borrowed and trained in place. */
export interface MethodNetwork extends NetworkParts {
  /** First values of what the method adds are drawn from it. */
  readonly random: Random;
}

/** What a method adds to the network. All of it is disposed with the task. */
export interface MethodParts {
  /** Trained weights that `encode` uses, such as a predictor's, and their running statistics. @defaultValue none */
  readonly weights?: readonly Weight[];
  /** Trained weights that `loss` alone uses, such as prototypes. @defaultValue none */
  readonly lossWeights?: readonly Weight[];
  /** Variables that a resumed run needs besides: a momentum network, a queue. @defaultValue none */
  readonly state?: readonly Weight[];
}

/** Where in the run a step is, for schedules. */
export interface MethodProgress {
  /** Updates made before this one, 0 … totalSteps - 1. */
  readonly step: number;
  readonly epoch: number;
  readonly totalSteps: number;
}

/** What the trained network makes of the views of some images, each tensor float32 `[N, …]` with a row for each image. */
export interface Encoded {
  /** z of the views; the first one is watched for collapse. */
  readonly projections: readonly tf.Tensor2D[];
  /** What the loss differentiates, where that is not z, such as predictions. @defaultValue projections */
  readonly rows?: readonly tf.Tensor2D[];
}

/**
 * One step of a method, in parts, so that a batch too large for the memory can go through the network in slices: every
 * part but `loss` treats images one by one, batch norm apart.
 */
export interface MethodStep {
  /** Runs the trained network, on a gradient tape. `views[v]` is float32 `[N, S, S, C]`; borrowed. */
  encode(views: readonly tf.Tensor4D[], pass: ForwardOptions): Encoded;
  /** Runs what gets no gradient, off the tape: float32 `[N, …]` each, such as keys. @defaultValue nothing */
  targets?(views: readonly tf.Tensor4D[], pass: ForwardOptions): readonly tf.Tensor2D[];
  /** float32 `[]` of the whole batch; differentiated with respect to `rows` and `lossWeights`. */
  loss(encoded: Required<Encoded>, targets: readonly tf.Tensor2D[]): tf.Scalar;
  /** Scalars worth watching; computed off the tape. @defaultValue none */
  metrics?(encoded: Required<Encoded>, targets: readonly tf.Tensor2D[]): Readonly<Record<string, tf.Scalar>>;
  /** After the update: moves the method's state. */
  commit?(targets: readonly tf.Tensor2D[]): void;
}

export interface MethodDefinition<Schema extends z.ZodObject, Parts extends MethodParts> {
  /** Names the method in configurations, checkpoints and messages: lower-case letters, digits and "-". */
  readonly name: string;
  /** Its options with their defaults. */
  readonly options: Schema;
  /** Whether its projection head ends in a batch norm, as SimCLR's. @defaultValue true */
  readonly outputNorm?: boolean;
  /** The recipe of each view, made of the one that is configured. @defaultValue the same for two views */
  views?(recipe: readonly Augmentation[], options: z.output<Schema>): readonly (readonly Augmentation[])[];
  /** Makes what the method adds to the network. The parts own their variables. */
  build(network: MethodNetwork, options: z.output<Schema>): Parts;
  step(
    network: NetworkParts & { readonly parts: Parts },
    options: z.output<Schema>,
    progress: MethodProgress,
  ): MethodStep;
}

/** A method on a network, its options settled. */
export interface BuiltMethod {
  readonly parts: MethodParts;
  views(recipe: readonly Augmentation[]): readonly (readonly Augmentation[])[];
  step(progress: MethodProgress): MethodStep;
}

/** A pretraining method that was checked when it was defined. `methodTask` trains with it. */
export interface Method<Options extends object = object> {
  readonly name: string;
  readonly options: z.ZodObject;
  readonly outputNorm: boolean;
  /** @throws InvalidArgumentError naming each option that does not fit. */
  checkOptions(options: object): void;
  /** @throws InvalidArgumentError naming each option that does not fit. */
  build(network: MethodNetwork, options?: Options): BuiltMethod;
}

const NAME = /^[a-z][a-z0-9-]*$/;

/**
 * Makes a pretraining method out of a plain object. The built-in ones are defined by the same function.
 *
 * @example
 * const alignment = defineMethod({
 *   name: "alignment",
 *   options: z.object({ power: z.number().positive().default(2) }),
 *   build: () => ({}),
 *   step: (network, { power }) => ({
 *     encode: (views, pass) => ({ projections: project(network, views, pass) }),
 *     loss: ({ rows: [z1, z2] }) => tf.mean(tf.pow(tf.abs(tf.sub(z1, z2)), power)),
 *   }),
 * });
 *
 * @throws InvalidArgumentError if the definition makes no sense.
 */
export function defineMethod<Schema extends z.ZodObject, Parts extends MethodParts>(
  definition: MethodDefinition<Schema, Parts>,
): Method<z.input<Schema>> {
  const { name, outputNorm = true } = definition;
  check(typeof name === "string" && NAME.test(name), "`name`", 'lower-case letters, digits and "-"', name);
  check(
    typeof definition.options?.safeParse === "function",
    `\`options\` of "${name}"`,
    "a zod object",
    definition.options,
  );
  for (const part of ["build", "step"] as const)
    check(typeof definition[part] === "function", `\`${part}\` of "${name}"`, "a function", definition[part]);
  const schema = z.strictObject(definition.options.shape);
  const settle = (given: object): z.output<Schema> => {
    const parsed = schema.safeParse(given);
    if (!parsed.success) throw refusal(name, parsed.error, Object.keys(schema.shape));
    return parsed.data as z.output<Schema>;
  };
  const method: Method<z.input<Schema>> = {
    name,
    options: schema,
    outputNorm,
    checkOptions: (given) => void settle(given),
    build(network: MethodNetwork, given = {} as z.input<Schema>): BuiltMethod {
      const options = settle(given);
      const parts = definition.build(network, options);
      const { encoder, head } = network;
      return {
        parts,
        views: (recipe) => definition.views?.(recipe, options) ?? [recipe, recipe],
        step: (progress) => definition.step({ encoder, head, parts }, options, progress),
      };
    },
  };
  return Object.freeze(markDefinition("method", method));
}

function refusal(name: string, error: z.ZodError, known: readonly string[]): InvalidArgumentError {
  const problems = error.issues.map(
    ({ path, message }) => `${path.length > 0 ? `\`${path.join(".")}\`: ` : ""}${message}`,
  );
  const expected = known.length === 0 ? "It has no options" : `Its options are ${known.join(", ")}`;
  return new InvalidArgumentError(
    `method "${name}": ${problems.join("; ")}. ${expected}; correct or remove what does not fit.`,
    {
      subject: name,
      cause: error,
    },
  );
}

function check(holds: boolean, subject: string, expected: string, received: unknown): void {
  if (holds) return;
  const shown = typeof received === "string" ? JSON.stringify(received) : typeof received;
  throw new InvalidArgumentError(
    `defineMethod: ${subject} must be ${expected}; received ${shown}. Correct the definition.`,
    {
      subject,
      expected,
      received: shown,
    },
  );
}
