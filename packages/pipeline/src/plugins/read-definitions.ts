import {
  ConfigError,
  checkApiVersion,
  type DefinitionKind,
  definePlugin,
  definitionMark,
  type NamedDefinition,
  PLUGIN_LISTS,
  type Plugin,
} from "@simclr/core";

/** The kinds that a configuration can name. */
const SUPPORTED = [
  "augmentation",
  "loss",
  "method",
  "dataset",
  "encoder",
  "head",
  "hook",
] as const satisfies readonly DefinitionKind[];
export type SupportedKind = (typeof SUPPORTED)[number];

/** One thing that a plugin adds. */
export interface PluginDefinition {
  readonly kind: SupportedKind;
  readonly name: string;
  readonly value: NamedDefinition;
}

/** What a plugin's module holds. */
export interface PluginContents {
  /** As its `plugin` object says. */
  readonly name?: string;
  readonly version?: string;
  readonly definitions: readonly PluginDefinition[];
}

/**
 * Reads what a module exports: a `plugin` object, or else every export that a `define…` function made. Other exports,
 * such as helpers and types, are the module's own affair.
 *
 * @param shown - The plugin as the configuration names it.
 * @throws ConfigError if there is no definition, or one was made for another version or of a kind that cannot be used.
 */
export function readDefinitions(namespace: Readonly<Record<string, unknown>>, shown: string): PluginContents {
  try {
    const plugin = pluginOf(namespace);
    const { definitions, ...ownNames } =
      plugin === undefined ? { definitions: exported(namespace) } : fromPlugin(plugin);
    if (definitions.length === 0) throw nothingFound(namespace);
    return { ...ownNames, definitions: definitions.map(supported) };
  } catch (cause) {
    throw new ConfigError(`plugins: ${shown}: ${(cause as Error).message}`, { subject: shown, cause });
  }
}

/** A definition of any kind that there is. */
type Definition = Omit<PluginDefinition, "kind"> & { readonly kind: DefinitionKind };

function supported({ kind, ...definition }: Definition): PluginDefinition {
  const known = SUPPORTED.find((each) => each === kind);
  if (known !== undefined) return { kind: known, ...definition };
  throw new Error(
    `its ${kind} "${definition.name}" cannot be used: this version takes plugins for ${SUPPORTED.join(", ")} only. Remove it, or update simclr.`,
  );
}

function pluginOf(namespace: Readonly<Record<string, unknown>>): Plugin | undefined {
  if (namespace.plugin !== undefined) return definePlugin(namespace.plugin as Plugin);
  const { default: byDefault } = namespace;
  const isPlugin = typeof byDefault === "object" && byDefault !== null && "apiVersion" in byDefault;
  return isPlugin ? definePlugin(byDefault as Plugin) : undefined;
}

function fromPlugin(plugin: Plugin): Omit<PluginContents, "definitions"> & { definitions: readonly Definition[] } {
  const { name, version } = plugin;
  const definitions = Object.entries(PLUGIN_LISTS).flatMap(([list, kind]) =>
    (plugin[list as keyof typeof PLUGIN_LISTS] ?? []).map((value) => ({ kind, name: value.name, value })),
  );
  return { name, ...(version !== undefined && { version }), definitions };
}

function exported(namespace: Readonly<Record<string, unknown>>): Definition[] {
  const values = new Set(Object.values(namespace)); // a default export is often a named one too
  return [...values].flatMap((value) => {
    const mark = definitionMark(value);
    if (mark === undefined) return [];
    const definition = value as NamedDefinition;
    checkApiVersion(`"${definition.name}"`, mark.apiVersion);
    return [{ kind: mark.kind, name: definition.name, value: definition }];
  });
}

function nothingFound(namespace: Readonly<Record<string, unknown>>): Error {
  const names = Object.entries(namespace).map(([name, value]) => `${name} (${typeof value})`);
  return new Error(
    `must export what defineAugmentation, defineLoss, defineMethod, defineDataset (with \`open\`), defineEncoder, defineHead or defineHook gives, or a \`plugin\` with lists of them; exports ${names.length === 0 ? "nothing" : names.join(", ")}. ` +
      "Export the definition itself rather than a function that makes one; what a configuration sets goes into its `options`.",
  );
}
