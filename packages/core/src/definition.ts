/** Version of what `define…` functions make and a pipeline takes; it changes when older definitions cannot be used. */
export const PLUGIN_API_VERSION = 1;

/** What a program can be extended with. */
export type DefinitionKind = "augmentation" | "loss" | "method" | "dataset" | "encoder" | "head" | "hook";

/** What a definition says of itself, whichever copy of a package made it. */
export interface DefinitionMark {
  readonly kind: DefinitionKind;
  /** `PLUGIN_API_VERSION` of the package that made it. */
  readonly apiVersion: number;
}

/** Known by a shared symbol rather than by class, so that a plugin may have its own copy of our packages. */
const MARK = Symbol.for("simclr.definition");

/** Marks a definition, unseen by loops over its keys, so that it can be told from whatever else a module exports. */
export function markDefinition<T extends object>(kind: DefinitionKind, definition: T): T {
  const mark: DefinitionMark = { kind, apiVersion: PLUGIN_API_VERSION };
  return Object.defineProperty(definition, MARK, { value: mark });
}

/** What `value` is a definition of; undefined for anything that no `define…` function made. */
export function definitionMark(value: unknown): DefinitionMark | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as { readonly [MARK]?: DefinitionMark })[MARK];
}
