import { InvalidArgumentError } from "./errors.js";

/** Anything with a shape: a tensor, a variable, an image. */
export interface Shaped {
  readonly shape: readonly number[];
}

const show = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

function only<T>(argument: Record<string, T>): [string, T] {
  const [entry] = Object.entries(argument);
  if (entry === undefined) throw new TypeError("a check needs one named argument, such as { temperature }");
  return entry;
}

/**
 * Throws unless all named arguments have the same shape as the first.
 *
 * @throws InvalidArgumentError naming the first argument that differs.
 */
export function checkSameShape(where: string, named: Record<string, Shaped>, hint = ""): void {
  const [first, ...rest] = Object.entries(named);
  if (first === undefined) return;
  const [firstName, { shape: expected }] = first;
  for (const [name, { shape }] of rest) {
    if (shape.length === expected.length && shape.every((size, i) => size === expected[i])) continue;
    throw new InvalidArgumentError(
      `${where}: \`${name}\` must have shape ${show(expected)}, like \`${firstName}\`; received ${show(shape)}.${hint && ` ${hint}`}`,
      { subject: name, expected: show(expected), received: show(shape) },
    );
  }
}

/**
 * Throws unless the one named argument has the pattern's shape; `null` in the pattern matches any size.
 *
 * @example checkShape("augment", { images }, [null, null, null, 3], "[N, H, W, 3]")
 */
export function checkShape(
  where: string,
  argument: Record<string, Shaped>,
  pattern: readonly (number | null)[],
  hint = "",
): void {
  const [name, { shape }] = only(argument);
  if (shape.length === pattern.length && pattern.every((size, i) => size === null || size === shape[i])) return;
  const expected = `[${pattern.map((size) => size ?? "any").join(", ")}]`;
  throw new InvalidArgumentError(
    `${where}: \`${name}\` must have shape ${expected}; received ${show(shape)}.${hint && ` ${hint}`}`,
    { subject: name, expected, received: show(shape) },
  );
}

function refuseNumber(where: string, name: string, expected: string, value: unknown, hint: string): never {
  throw new InvalidArgumentError(
    `${where}: \`${name}\` must be ${expected}; received ${String(value)}.${hint && ` ${hint}`}`,
    { subject: name, expected, received: String(value) },
  );
}

/** Throws unless the one named argument is a finite number > 0. */
export function checkPositive(where: string, argument: Record<string, number>, hint = ""): void {
  const [name, value] = only(argument);
  if (!(Number.isFinite(value) && value > 0)) refuseNumber(where, name, "a finite number > 0", value, hint);
}

/** Throws unless the one named argument lies in the closed range [low, high]. */
export function checkInRange(
  where: string,
  argument: Record<string, number>,
  low: number,
  high: number,
  hint = "",
): void {
  const [name, value] = only(argument);
  if (!(value >= low && value <= high)) refuseNumber(where, name, `in [${low}, ${high}]`, value, hint);
}

/** Throws unless the one named argument is an integer >= `minimum`. */
export function checkInteger(where: string, argument: Record<string, number>, minimum = 0, hint = ""): void {
  const [name, value] = only(argument);
  if (!(Number.isSafeInteger(value) && value >= minimum))
    refuseNumber(where, name, `an integer >= ${minimum}`, value, hint);
}

/** Throws unless the one named argument is one of `choices`. */
export function checkChoice<T extends string>(
  where: string,
  argument: Record<string, string>,
  choices: readonly T[],
  hint = "",
): void {
  const [name, value] = only(argument);
  if (choices.includes(value as T)) return;
  const expected = choices.map((choice) => `"${choice}"`).join(", ");
  throw new InvalidArgumentError(
    `${where}: \`${name}\` must be one of ${expected}; received "${value}".${hint && ` ${hint}`}`,
    { subject: name, expected, received: value },
  );
}
