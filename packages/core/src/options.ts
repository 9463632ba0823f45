import { InvalidArgumentError } from "./errors.js";

/**
 * Throws unless every option is one of `defaults` and of the same kind as its default: a text, a flag, a finite number
 * or a list. A default of `null` or `undefined` allows anything.
 *
 * @param where - Such as `loss "vic-reg"`.
 * @throws InvalidArgumentError naming the option.
 */
export function checkOptions(where: string, given: object, defaults: object): void {
  const known = Object.keys(defaults);
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name)) refuseUnknown(where, name, known);
    const byDefault = (defaults as Readonly<Record<string, unknown>>)[name];
    const expected = kindOf(byDefault);
    if (value === undefined || expected === "nothing" || kindOf(value) === expected) continue;
    const received = typeof value === "number" ? String(value) : JSON.stringify(value);
    throw new InvalidArgumentError(
      `${where}: \`${name}\` must be ${expected}, as its default ${JSON.stringify(byDefault)} is; received ${received}. Correct or remove it.`,
      { subject: name, expected, received },
    );
  }
}

function refuseUnknown(where: string, name: string, known: readonly string[]): never {
  const expected = known.length === 0 ? "none, as it has no options" : `one of ${known.join(", ")}`;
  throw new InvalidArgumentError(`${where}: unknown option \`${name}\`; expected ${expected}. Correct or remove it.`, {
    subject: name,
    expected,
    received: name,
  });
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return Number.isFinite(value) ? "a finite number" : "a number that is not finite";
  if (typeof value === "boolean") return "true or false";
  return typeof value === "string" ? "a text" : `a ${typeof value}`;
}
