import type { NamedDefinition } from "@simclr/core";
import type { DefinedHook, HookContext, TrainerHook } from "@simclr/trainer";
import type { Config, PartSpec, TrainingConfig } from "../config/schema.js";
import { checkOptionNames, inPlace, lookUp, readSpec } from "./build-recipe.js";
import type { LoadedPlugin } from "./load-plugins.js";
import type { Parts } from "./parts.js";

/** A hook that a configuration can name. */
export interface NamedHook {
  readonly name: string;
  readonly optionNames: readonly string[];
  /** @throws InvalidArgumentError if an option is of another kind than its default. */
  check(options: Readonly<Record<string, unknown>>): void;
  make(options: Readonly<Record<string, unknown>>, context: HookContext): TrainerHook;
}

/** @param definition - What `defineHook` gave: a definition with options, or a hook that has none. */
export function namedHook(definition: NamedDefinition): NamedHook {
  const { name } = definition;
  if (!isDefinition(definition)) return { name, optionNames: [], check: () => {}, make: () => definition };
  return {
    name,
    optionNames: Object.keys(definition.options),
    check: (options) => void definition.with(options),
    make: (options, context) => definition.with(options).create(context),
  };
}

const isDefinition = (definition: NamedDefinition): definition is DefinedHook =>
  "create" in definition && typeof definition.create === "function";

/**
 * The hooks that a training names, in its order.
 *
 * @param place - Of the training in the configuration, for messages.
 * @throws ConfigError if a name or an option is unknown, or a hook cannot be made.
 */
export function buildHooks(
  { hooks = [] }: Pick<TrainingConfig, "hooks">,
  place: string,
  parts: Parts,
  context: HookContext,
): TrainerHook[] {
  return hooks.map((spec, i) => {
    const where = `${place}.hooks[${i}]`;
    const { named, options } = chosen(spec, where, parts);
    return inPlace(where, () => named.make(options, context));
  });
}

/** The plugins that a training's hooks come from: their files decide its result too. */
export const hookPlugins = ({ hooks = [] }: Pick<TrainingConfig, "hooks">, place: string, parts: Parts): string[] =>
  hooks.map((spec, i) => {
    const { named } = chosen(spec, `${place}.hooks[${i}]`, parts);
    const plugin = parts.pluginOf("hook", named.name) as LoadedPlugin;
    return `${plugin.name} ${plugin.version ?? ""} ${plugin.sha256}`;
  });

const TRAININGS = ["pretrain", "finetune", "supervised", "distill", "calibrate"] as const;

/** @throws ConfigError if a training names a hook or an option that there is not, before anything is trained. */
export function checkHooks(config: Config, parts: Parts): void {
  for (const place of TRAININGS) hookPlugins(config[place] ?? {}, place, parts);
}

function chosen(spec: PartSpec, where: string, parts: Parts) {
  const { name, options } = readSpec(spec, where);
  const named = lookUp(name, parts.hooks, "hook", where);
  checkOptionNames(named, options, where);
  inPlace(where, () => named.check(options));
  return { named, options };
}
