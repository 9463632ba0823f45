import * as tf from "@tensorflow/tfjs-core";
import { CheckpointError, InvalidArgumentError } from "./errors.js";

/** Float32 values with their shape, outside of any backend. */
export interface NamedArray {
  readonly shape: readonly number[];
  /** Row-major; as many values as the shape says. */
  readonly data: Float32Array;
}

/** Values by weight name, as a checkpoint holds them. */
export type NamedArrays = Readonly<Record<string, NamedArray>>;

/** What a model's weights and an optimizer's slots have in common. */
export interface NamedVariable {
  readonly name: string;
  readonly variable: tf.Variable;
}

/** How many names of each kind an error lists before it only counts. */
const LISTED = 3;

const show = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

/**
 * Copies the values of variables to the host. All reads start before the first one is awaited, so the values belong
 * to one moment even if training goes on.
 *
 * @param weights - Float32 variables with distinct names. Borrowed.
 * @returns New arrays; nothing is shared with a backend's storage.
 * @throws InvalidArgumentError if two weights share a name, or one is not float32.
 */
export async function readWeights(weights: readonly NamedVariable[]): Promise<NamedArrays> {
  const seen = new Set<string>();
  for (const { name, variable } of weights) {
    if (seen.has(name))
      throw new InvalidArgumentError(
        `readWeights: two weights are called "${name}"; a name must be unique. Give each layer its own path.`,
        { subject: name },
      );
    seen.add(name);
    if (variable.dtype !== "float32")
      throw new InvalidArgumentError(
        `readWeights: "${name}" must be float32; received ${variable.dtype}. Make it with tf.variable(…) of a float32 tensor.`,
        { subject: name, expected: "float32", received: variable.dtype },
      );
  }
  const values = await Promise.all(weights.map(({ variable }) => variable.data<"float32">()));
  return Object.fromEntries(
    weights.map(({ name, variable }, i) => [name, { shape: [...variable.shape], data: values[i]!.slice() }]),
  );
}

/**
 * Gives variables the saved values, all of them or none: nothing changes unless every name and shape fits.
 *
 * @param weights - Float32 variables to overwrite. Borrowed.
 * @param arrays - Values for exactly these names. Copied, so they stay the caller's.
 * @param where - Who expects the weights, for the message: `resNet("r18") encoder`.
 * @throws CheckpointError that lists the missing, the unexpected and the differently shaped ones.
 */
export function assignWeights(weights: readonly NamedVariable[], arrays: NamedArrays, where: string): void {
  const misfits = describeMisfits(weights, arrays);
  if (misfits.length > 0)
    throw new CheckpointError(
      `${where}: the saved weights do not fit. ${misfits.join(" ")} Build it with the architecture that the weights were saved from, or load other weights.`,
      { subject: where },
    );
  for (const { name, variable } of weights) {
    const { shape, data } = arrays[name]!;
    // A backend may keep the very array it is given, and may later write to it.
    const value = tf.tensor(data.slice(), [...shape], "float32");
    variable.assign(value);
    value.dispose();
  }
}

function describeMisfits(weights: readonly NamedVariable[], arrays: NamedArrays): string[] {
  const expected = new Set(weights.map(({ name }) => name));
  const missing: string[] = [];
  const misshapen: string[] = [];
  for (const { name, variable } of weights) {
    if (!Object.hasOwn(arrays, name)) {
      missing.push(`"${name}" ${show(variable.shape)}`);
      continue;
    }
    const { shape, data } = arrays[name]!;
    const count = shape.reduce((product, size) => product * size, 1);
    if (!sameShape(shape, variable.shape))
      misshapen.push(`"${name}" must be ${show(variable.shape)}, saved ${show(shape)}`);
    else if (data.length !== count) misshapen.push(`"${name}" must hold ${count} values, saved ${data.length}`);
  }
  const unexpected = Object.keys(arrays)
    .filter((name) => !expected.has(name))
    .map((name) => `"${name}" ${show(arrays[name]!.shape)}`);
  return [
    ...list("missing", missing, weights.length),
    ...list("unexpected", unexpected, Object.keys(arrays).length),
    ...list("of another shape", misshapen, weights.length),
  ];
}

function list(kind: string, items: readonly string[], of: number): string[] {
  if (items.length === 0) return [];
  const rest = items.length > LISTED ? ` and ${items.length - LISTED} more` : "";
  return [`${items.length} of ${of} ${kind}: ${items.slice(0, LISTED).join("; ")}${rest}.`];
}
