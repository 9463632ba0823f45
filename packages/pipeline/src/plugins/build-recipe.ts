import type { Augmentation, NamedAugmentation } from "@simclr/augment";
import { ConfigError } from "@simclr/core";
import type { PartSpec } from "../config/schema.js";
import { nearest } from "./nearest.js";
import type { Parts } from "./parts.js";

/** A recipe, and those of its steps, at any depth, that come from plugins. */
export interface BuiltRecipe {
  readonly recipe: readonly Augmentation[];
  readonly fromPlugins: readonly Augmentation[];
}

/**
 * Builds the augmentations that a configuration lists; built-in ones and those of plugins are spelled alike.
 *
 * @param where - The list's place in the configuration, for messages.
 * @param size - Side in pixels of crops that give none.
 * @throws ConfigError naming the step, if a name or an option is unknown or an option makes no sense.
 */
export function buildRecipe(specs: readonly PartSpec[], where: string, size: number, parts: Parts): BuiltRecipe {
  const fromPlugins: Augmentation[] = [];
  const build = (spec: unknown, place: string): Augmentation => {
    const { name, options } = readSpec(spec, place);
    const named = lookUp(name, parts.augmentations, "augmentation", place);
    const given = { ...options };
    if (named.optionNames.includes("size") && isCrop(name)) given.size ??= size;
    checkOptionNames(named, given, place);
    const { stepsOption } = named;
    if (stepsOption !== undefined) given[stepsOption] = buildList(given[stepsOption], `${place}.${stepsOption}`);
    const augmentation = inPlace(place, () => named.with(given));
    if (parts.pluginOf("augmentation", name) !== undefined) fromPlugins.push(augmentation);
    return augmentation;
  };
  const buildList = (list: unknown, place: string): Augmentation[] => {
    if (Array.isArray(list)) return list.map((spec, i) => build(spec, `${place}[${i}]`));
    throw new ConfigError(
      `${place}: must be a list of augmentations, such as [flipLeftRight, { name: rotate, degrees: 15 }]; received ${JSON.stringify(list) ?? "nothing"}.`,
      { subject: place, expected: "a list of augmentations" },
    );
  };
  return { recipe: buildList(specs, where), fromPlugins };
}

const isCrop = (name: string): boolean => name === "randomResizedCrop" || name === "centerCrop";

/** Runs `make`; what it throws says where in the configuration. */
export function inPlace<T>(place: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new ConfigError(`${place}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      subject: place,
      cause,
    });
  }
}

/** A part's name and its options, from `name` or `{ name, …options }`. */
export function readSpec(spec: unknown, place: string): { name: string; options: Readonly<Record<string, unknown>> } {
  if (typeof spec === "string") return { name: spec, options: {} };
  if (typeof spec === "object" && spec !== null && !Array.isArray(spec)) {
    const { name, ...options } = spec as Readonly<Record<string, unknown>>;
    if (typeof name === "string") return { name, options };
  }
  throw new ConfigError(
    `${place}: must be a name or { name: …, options … }; received ${JSON.stringify(spec)}. Write, for example, { name: colorJitter, strength: 0.5 }.`,
    { subject: place, expected: "a name or { name, …options }" },
  );
}

/** @throws ConfigError with the nearest name, if nothing is called so. */
export function lookUp<T>(name: string, known: ReadonlyMap<string, T>, kind: string, place: string): T {
  const found = known.get(name);
  if (found !== undefined) return found;
  const names = [...known.keys()];
  throw new ConfigError(
    `${place}: unknown ${kind} "${name}".${nearest(name, names)} Known here: ${names.join(", ") || "none"}. Name the plugin that holds it under \`plugins\` if it is none of these.`,
    { subject: place, expected: names.join(", "), received: name },
  );
}

/** @throws ConfigError with the nearest option, if the part has none of that name. */
export function checkOptionNames(
  { name, optionNames }: Pick<NamedAugmentation, "name" | "optionNames">,
  options: object,
  place: string,
): void {
  for (const option of Object.keys(options)) {
    if (optionNames.includes(option)) continue;
    const known = optionNames.length === 0 ? "It has no options." : `It has ${optionNames.join(", ")}.`;
    throw new ConfigError(
      `${place}: unknown option "${option}" of ${name}.${nearest(option, optionNames)} ${known} Correct or remove it.`,
      { subject: `${place}.${option}`, expected: optionNames.join(", "), received: option },
    );
  }
}
