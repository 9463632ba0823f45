import type { DefinedEncoder, DefinedHead, Definitions } from "@simclr/models";
import type { PartSpec } from "../config/schema.js";
import { checkOptionNames, lookUp, readSpec } from "./build-recipe.js";
import type { LoadedPlugin } from "./load-plugins.js";
import type { Parts } from "./parts.js";

/** A definition of a plugin, and the options that a configuration gives it. */
export interface Chosen<Definition> {
  readonly definition: Definition;
  readonly options: Readonly<Record<string, unknown>>;
}

/** @throws ConfigError with the nearest name, if an encoder or an option is unknown. */
export const namedEncoder = (spec: PartSpec, place: string, { encoders }: Parts): Chosen<DefinedEncoder> =>
  choose(spec, place, "encoder", encoders);

/** @throws ConfigError with the nearest name, if a head or an option is unknown. */
export const namedHead = (spec: PartSpec, place: string, { heads }: Parts): Chosen<DefinedHead> =>
  choose(spec, place, "head", heads);

function choose<D extends { readonly name: string; readonly options: object }>(
  spec: PartSpec,
  place: string,
  kind: "encoder" | "head",
  known: ReadonlyMap<string, D>,
): Chosen<D> {
  const { name, options } = readSpec(spec, place);
  const definition = lookUp(name, known, kind, place);
  checkOptionNames({ name, optionNames: Object.keys(definition.options) }, options, place);
  return { definition, options };
}

/** The encoders and heads of plugins, as models are built from. */
export function definitionsOf(plugins: readonly LoadedPlugin[]): Definitions {
  const all = plugins.flatMap(({ definitions }) => definitions);
  return {
    encoders: all.filter(({ kind }) => kind === "encoder").map(({ value }) => value as DefinedEncoder),
    heads: all.filter(({ kind }) => kind === "head").map(({ value }) => value as DefinedHead),
  };
}
