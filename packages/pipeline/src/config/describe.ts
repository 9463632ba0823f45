import { ConfigError } from "@simclr/core";
import { methods } from "@simclr/methods";
import { z } from "zod";
import { nearest } from "../plugins/nearest.js";
import { configSchema } from "./schema.js";

/** One key of the configuration, for people and programs. */
export interface ConfigKey {
  /** Dotted; `[]` stands for each entry of a list: `labels[].fraction`. */
  readonly key: string;
  /** What it may be, in words: "integer >= 1", "one of auto, onednn". */
  readonly type: string;
  readonly required: boolean;
  /** Undefined where there is none. */
  readonly default: unknown;
  readonly description: string | undefined;
  /** The pretraining methods that have it; undefined for keys that belong to no method. */
  readonly methods?: readonly string[];
}

/** The part of JSON Schema that the configuration needs. */
interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node | false;
  readonly prefixItems?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly pattern?: string;
}

/** The configuration as JSON Schema (draft 2020-12), such as editors complete and check YAML by. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, { io: "input" });
  return { $schema: schema.$schema, title: "Configuration of simclr", ...schema };
}

/** Every key of the configuration, in the order of the schema; those of the methods after `method.name`. */
export function configKeys(): readonly ConfigKey[] {
  const keys: ConfigKey[] = [];
  collect(configJsonSchema() as Node, "", keys);
  const at = keys.findIndex(({ key }) => key === "method.name");
  keys.splice(at + 1, 0, ...methodOptions());
  return keys;
}

function collect(node: Node, prefix: string, keys: ConfigKey[]): void {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const key = `${prefix}${name}`;
    const entry = describe(key, child, node.required?.includes(name) ?? false);
    keys.push(entry);
    for (const variant of [child, ...(child.anyOf ?? [])]) {
      collect(variant, `${key}.`, keys);
      if (variant.items)
        for (const item of [variant.items, ...(variant.items.anyOf ?? [])]) collect(item, `${key}[].`, keys);
    }
  }
}

function describe(key: string, node: Node, isRequired: boolean): ConfigKey {
  const type = typeOf(node);
  const { description } = node;
  return { key, type, required: isRequired && node.default === undefined, default: node.default, description };
}

function typeOf(node: Node): string {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return `one of ${node.enum.join(", ")}`;
  if (node.anyOf !== undefined) {
    const values = node.anyOf.map(({ const: value }) => value);
    if (values.every((value) => value !== undefined)) return `one of ${values.join(", ")}`;
    return [...new Set(node.anyOf.map(typeOf))].join(", or ");
  }
  if (node.prefixItems !== undefined)
    return `list of ${node.prefixItems.length}: ${[...new Set(node.prefixItems.map(typeOf))].join(", ")}`;
  if (node.type === "array") return `list of ${node.items ? typeOf(node.items) : "anything"}`;
  if (node.type === "object") return "keys below";
  return [node.type === "string" ? "text" : (node.type ?? "anything"), ...limits(node)].join(" ");
}

function limits({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern }: Node): string[] {
  const bounds = [
    minimum !== undefined && `>= ${minimum}`,
    exclusiveMinimum !== undefined && `> ${exclusiveMinimum}`,
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `<= ${maximum}`,
    exclusiveMaximum !== undefined && `< ${exclusiveMaximum}`,
  ].filter((bound) => bound !== false);
  return [...(bounds.length > 0 ? [bounds.join(" and ")] : []), ...(pattern === undefined ? [] : [`like ${pattern}`])];
}

/** Options of the built-in methods; an option of several that differ comes once for each. */
function methodOptions(): ConfigKey[] {
  const entries: ConfigKey[] = [];
  for (const [method, { options }] of Object.entries(methods)) {
    const node = z.toJSONSchema(options, { io: "input" }) as Node;
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      const entry = describe(`method.${name}`, child, node.required?.includes(name) ?? false);
      const place = entries.findIndex(
        (other) => JSON.stringify({ ...other, methods: 0 }) === JSON.stringify({ ...entry, methods: 0 }),
      );
      if (place < 0) entries.push({ ...entry, methods: [method] });
      else entries[place] = { ...entries[place]!, methods: [...entries[place]!.methods!, method] };
    }
  }
  return entries;
}

/**
 * What a key is, and the keys below it.
 *
 * @param key - As in `configKeys`, or with a place in a list: `labels[0].fraction`, `labels.0.fraction`.
 * @throws ConfigError with the nearest key, if there is none of that name.
 */
export function explainKey(key: string): readonly ConfigKey[] {
  const keys = configKeys();
  const wanted = key.replaceAll(/\.(\d+)(?=\.|$)/g, "[]").replaceAll(/\[\d+\]/g, "[]");
  const found = keys.filter(
    ({ key: each }) => each === wanted || each.startsWith(`${wanted}.`) || each.startsWith(`${wanted}[]`),
  );
  if (found.length > 0) return found;
  const names = [...new Set(keys.map(({ key: each }) => each))];
  const parent = wanted.slice(0, Math.max(wanted.lastIndexOf("."), 0));
  const beside = names.filter((name) => name.slice(0, Math.max(name.lastIndexOf("."), 0)) === parent);
  const hint = nearest(wanted, names);
  const listed = beside.length > 0 ? beside : names.filter((name) => !name.includes("."));
  throw new ConfigError(`the configuration has no key "${key}".${hint} There are ${listed.join(", ")}.`, {
    subject: key,
    expected: listed.join(", "),
    received: key,
  });
}

/** A key in words: type, default, meaning. */
export function keyWords({ type, required, default: value, description, methods: of }: ConfigKey): string {
  const about = [
    type,
    ...(of === undefined ? [] : [`of ${of.join(", ")}`]),
    ...(required ? ["required"] : []),
    ...(value === undefined || isEmpty(value)
      ? []
      : [`by default ${typeof value === "string" ? value : JSON.stringify(value)}`]),
  ].join("; ");
  return description === undefined ? about : `${about}: ${description}`;
}

const isEmpty = (value: unknown): boolean => JSON.stringify(value) === "{}";

/** The page of all keys, in Markdown. */
export function configPage(): string {
  const sections = new Map<string, ConfigKey[]>();
  for (const key of configKeys()) {
    const [top] = key.key.split(/[.[]/);
    sections.set(top!, [...(sections.get(top!) ?? []), key]);
  }
  const text = [...sections].map(([top, keys]) => {
    const [first] = keys;
    if (keys.length === 1) return `## ${top}\n\n${sentence(keyWords(first!))}`;
    const intro = first!.description === undefined ? "" : `${sentence(first!.description)}\n\n`;
    const list = keys.slice(1).map((key) => `- \`${key.key}\`: ${escaped(keyWords(key))}`);
    return `## ${top}\n\n${intro}${list.join("\n")}`;
  });
  return `# Configuration\n\nEvery key of a configuration file, made from the schema by \`npm run docs:config\`. \`simclr config explain KEY\` says the same on the command line, \`simclr config validate FILE\` checks a file, and \`simclr config schema\` prints JSON Schema for editors.\n\n${text.join("\n\n")}\n`;
}

const escaped = (text: string): string => text.replaceAll(/[<*_]/g, (mark) => `\\${mark}`);
const sentence = (text: string): string => `${escaped(text.charAt(0).toUpperCase() + text.slice(1))}.`;
