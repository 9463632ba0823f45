import { type DefinitionKind, definitionMark, PLUGIN_API_VERSION } from "./definition.js";
import { InvalidArgumentError } from "./errors.js";

/** Anything that a configuration can name. */
export interface NamedDefinition {
  readonly name: string;
}

/** Several definitions under one name: what a module may export as `plugin`. */
export interface Plugin {
  /** For people and records, such as "simclr-plugin-sar". */
  readonly name: string;
  /** The `PLUGIN_API_VERSION` that it was written for. */
  readonly apiVersion: number;
  /** @defaultValue the version of the package it comes in */
  readonly version?: string;
  /** From `defineAugmentation` of `@simclr/augment`. */
  readonly augmentations?: readonly NamedDefinition[];
  /** From `defineLoss` of `@simclr/losses`. */
  readonly losses?: readonly NamedDefinition[];
  readonly methods?: readonly NamedDefinition[];
  readonly datasets?: readonly NamedDefinition[];
  /** From `defineEncoder` of `@simclr/models`. */
  readonly encoders?: readonly NamedDefinition[];
  /** From `defineHead` of `@simclr/models`. */
  readonly heads?: readonly NamedDefinition[];
  /** From `defineHook` of `@simclr/trainer`. */
  readonly hooks?: readonly NamedDefinition[];
}

/** The lists of a plugin, and what each holds. */
export const PLUGIN_LISTS = {
  augmentations: "augmentation",
  losses: "loss",
  methods: "method",
  datasets: "dataset",
  encoders: "encoder",
  heads: "head",
  hooks: "hook",
} as const satisfies Record<string, DefinitionKind>;

const OTHER_KEYS = ["name", "apiVersion", "version"];

/**
 * Checks that a plugin is one that this version can take.
 *
 * @example export const plugin = definePlugin({ name: "sar", apiVersion: 1, augmentations: [speckle] });
 *
 * @returns The plugin itself.
 * @throws InvalidArgumentError if it was written for another version, or holds anything but definitions.
 */
export function definePlugin<P extends Plugin>(plugin: P): P {
  const { name, apiVersion, version } = plugin;
  if (typeof name !== "string" || name === "") refuse("a plugin", "`name`", "a text that is not empty", name);
  const where = `plugin "${name}"`;
  checkApiVersion(where, apiVersion);
  if (version !== undefined && typeof version !== "string")
    refuse(where, "`version`", 'a text such as "1.2.0"', version);
  for (const [key, list] of Object.entries(plugin)) {
    if (OTHER_KEYS.includes(key)) continue;
    if (!Object.hasOwn(PLUGIN_LISTS, key))
      throw new InvalidArgumentError(
        `${where}: unknown key \`${key}\`; expected name, apiVersion, version and lists called ${Object.keys(PLUGIN_LISTS).join(", ")}. Correct or remove it.`,
        { subject: key, expected: Object.keys(PLUGIN_LISTS).join(", "), received: key },
      );
    if (!Array.isArray(list)) refuse(where, `\`${key}\``, "a list of definitions", list);
    for (const [i, definition] of list.entries()) checkEntry(where, key as keyof typeof PLUGIN_LISTS, i, definition);
  }
  return plugin;
}

/** @throws InvalidArgumentError unless definitions of that version can be used here. */
export function checkApiVersion(where: string, apiVersion: unknown): void {
  if (apiVersion === PLUGIN_API_VERSION) return;
  const received = apiVersion === undefined ? "none" : JSON.stringify(apiVersion);
  const remedy =
    typeof apiVersion === "number" && apiVersion > PLUGIN_API_VERSION
      ? "Update simclr, or install an older version of the plugin."
      : "Install a version of the plugin that was made for this simclr, or set `apiVersion` once it follows the present contract.";
  throw new InvalidArgumentError(
    `${where}: \`apiVersion\` must be ${PLUGIN_API_VERSION}, the plugin interface of this simclr; received ${received}. ${remedy}`,
    { subject: "apiVersion", expected: String(PLUGIN_API_VERSION), received },
  );
}

function checkEntry(where: string, key: keyof typeof PLUGIN_LISTS, i: number, definition: unknown): void {
  const kind = PLUGIN_LISTS[key];
  const mark = definitionMark(definition);
  if (mark?.kind !== kind) {
    const received = mark === undefined ? typeof definition : `the definition of ${article(mark.kind)}`;
    const maker = `define${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
    refuse(where, `\`${key}[${i}]\``, `what ${maker} gives`, received, `Pass it through ${maker}.`);
  }
  checkApiVersion(`${where}: \`${key}[${i}]\``, mark.apiVersion);
}

const article = (kind: string): string => `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;

function refuse(where: string, subject: string, expected: string, received: unknown, remedy = "Correct it."): never {
  const shown = typeof received === "string" ? received : JSON.stringify(received);
  throw new InvalidArgumentError(`${where}: ${subject} must be ${expected}; received ${shown}. ${remedy}`, {
    subject,
    expected,
    received: String(shown),
  });
}
