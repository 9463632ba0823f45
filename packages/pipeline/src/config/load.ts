import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ConfigError } from "@simclr/core";
import { Document, parseDocument } from "yaml";
import { z } from "zod";
import { nearest } from "../plugins/nearest.js";
import { pluginSource } from "../plugins/plugin-source.js";
import { presetFile, presetNames } from "../presets.js";
import { withBases } from "./extends.js";
import { plain, sourceOf } from "./merge.js";
import { methodKeys } from "./method.js";
import { type Config, configSchema } from "./schema.js";
import { SourceFile } from "./source-file.js";

export interface LoadOptions {
  /** `a.b=value` assignments, applied before validation; values are YAML, and `null` removes what is there. */
  readonly set?: readonly string[];
  /** Replaces `data.root`; relative to the working directory. */
  readonly data?: string;
  /** Replaces `output`; relative to the working directory. */
  readonly output?: string;
}

/**
 * Reads and validates a configuration file, with the files that it extends. Relative paths in it are resolved from its folder.
 *
 * @param file - A path, or the name of a preset, whose data is then relative to the working directory.
 * @throws ConfigError whose message starts with `file:line:column` and says what was expected.
 */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<Config> {
  const { config, place } = parse(await textOf(file), file, options);
  checkFiles(config, place);
  return config;
}

async function textOf(file: string): Promise<string> {
  if (!existsSync(file) && presetFile(file) !== undefined) return `extends: ${file}\n`;
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : message;
    throw new ConfigError(
      `${file}: cannot read the configuration: ${reason}.${nearest(file, presetNames())} Give the path of a YAML file, or a preset (${presetNames().join(", ")}).`,
      { subject: file, cause },
    );
  }
}

/** As `loadConfig`, for a text; `file` names it in messages, and its folder resolves relative paths. */
export function parseConfig(text: string, file: string, options: LoadOptions = {}): Config {
  return parse(text, file, options).config;
}

/** Names the place of a key, for messages: "file:line:column", or the `--set` that put it there. */
type Place = (path: readonly PropertyKey[], key?: string) => string;

function parse(text: string, file: string, options: LoadOptions): { readonly config: Config; readonly place: Place } {
  const merged = withBases(new SourceFile(text, file));
  const document = new Document(plain(merged));
  const assigned = (options.set ?? []).map((assignment) => assign(document, assignment));
  if (options.data !== undefined) document.setIn(["data", "root"], resolve(options.data));
  if (options.output !== undefined) document.setIn(["output"], resolve(options.output));
  const place: Place = (path, key) => {
    const whole = key === undefined ? path : [...path, key];
    const own = assigned.findLast(({ path: set }) => set.every((step, i) => String(step) === String(whole[i])));
    return own === undefined ? sourceOf(merged, whole).place(path, key) : `--set ${own.assignment}`;
  };
  const result = configSchema.safeParse(document.toJS());
  if (!result.success) throw explain(result.error, document, place, file);
  return { config: resolvePaths(result.data, dirname(resolve(file))), place };
}

/** Files of labels, which are read late in a run: a wrong path is said now, with its place. */
function checkFiles({ data, labels }: Config, place: Place): void {
  const named: [readonly PropertyKey[], string | undefined][] = [
    [["data", "labels"], data.labels],
    [["data", "testLabels"], data.testLabels],
    ...labels.map(({ list }, i): [readonly PropertyKey[], string | undefined] => [["labels", i, "list"], list]),
  ];
  for (const [path, file] of named)
    if (file !== undefined && !existsSync(file))
      throw new ConfigError(
        `${place(path)}: \`${path.join(".")}\`: there is no file ${file}. Paths are relative to data.root; correct the path.`,
        { subject: path.join("."), expected: "a file", received: file },
      );
}

/** What a `--set` changed. */
interface Assigned {
  readonly assignment: string;
  readonly path: readonly PropertyKey[];
}

function assign(document: Document, assignment: string): Assigned {
  const at = assignment.indexOf("=");
  if (at < 1) {
    throw new ConfigError(`--set ${assignment}: expected key=value, such as pretrain.epochs=10.`, {
      subject: assignment,
    });
  }
  const path = assignment
    .slice(0, at)
    .split(".")
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  const value = parseDocument(assignment.slice(at + 1));
  if (value.errors.length > 0) {
    throw new ConfigError(`--set ${assignment}: the value is not YAML (${value.errors[0]!.message.split("\n")[0]}).`, {
      subject: assignment,
    });
  }
  try {
    if (value.toJS() === null) document.deleteIn(path);
    else document.setIn(path, document.createNode(value.toJS()));
  } catch (cause) {
    throw new ConfigError(`--set ${assignment}: there is no place "${path.join(".")}" in the configuration.`, {
      subject: assignment,
      cause,
    });
  }
  return { assignment, path };
}

function explain(error: z.ZodError, document: Document, place: Place, file: string): ConfigError {
  const messages = error.issues.flatMap((issue) => describeIssue(issue, document, place));
  return new ConfigError(messages.join("\n"), { subject: file });
}

function describeIssue(issue: z.core.$ZodIssue, document: Document, place: Place): string[] {
  if (issue.code === "unrecognized_keys") {
    const known = issue.path[0] === "method" ? methodKeys(document.getIn(["method", "name"])) : knownKeys(issue.path);
    return issue.keys.map(
      (key) =>
        `${place(issue.path, key)}: unknown key "${[...issue.path, key].join(".")}".${nearest(key, known)} Known here: ${known.join(", ")}.`,
    );
  }
  const where = issue.path.join(".") || "the configuration";
  const value = document.getIn(issue.path as unknown[]);
  const received = value === undefined ? "it is missing" : `received ${JSON.stringify(value)}`;
  const choices = issue.code === "invalid_value" && typeof value === "string" ? issue.values.map(String) : [];
  return [
    `${place(issue.path)}: \`${where}\`: ${expectation(issue.message)}; ${received}.${nearest(String(value), choices)}`,
  ];
}

/** What zod says, without that a missing value is "undefined", which nobody wrote. */
const expectation = (message: string): string =>
  decapitalize(message.replace(/^Invalid input: (.*), received undefined$/, "$1"));

/** The keys that the schema knows at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let nodes: JsonSchema[] = [z.toJSONSchema(configSchema, { io: "input" }) as JsonSchema];
  for (const step of path) {
    nodes = nodes
      .flatMap((node) => [node, ...(node.anyOf ?? [])])
      .flatMap((node) => (typeof step === "number" ? (node.items ?? []) : (node.properties?.[String(step)] ?? [])));
  }
  const all = nodes.flatMap((node) => [node, ...(node.anyOf ?? [])]);
  return [...new Set(all.flatMap((node) => Object.keys(node.properties ?? {})))];
}

interface JsonSchema {
  readonly properties?: Record<string, JsonSchema>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

const decapitalize = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

const isUrl = (path: string): boolean => /^https?:\/\//i.test(path);

function resolvePaths(config: Config, folder: string): Config {
  const { root = ".", train, test, labels, testLabels, cacheFolder } = config.data;
  const base = resolve(folder, root);
  const under = (path: string): string => (path === "shapes" || isUrl(path) ? path : resolve(base, path));
  return {
    ...config,
    output: resolve(config.output ?? `runs/${config.name}`),
    ...(config.pretrained && { pretrained: resolve(folder, config.pretrained) }),
    ...(config.distill?.teachers && {
      distill: { ...config.distill, teachers: config.distill.teachers.map((path) => resolve(folder, path)) },
    }),
    plugins: config.plugins.map((plugin) => {
      if (typeof plugin !== "string") return { ...plugin, from: resolve(folder, plugin.from) };
      return pluginSource(plugin, folder);
    }),
    data: {
      ...config.data,
      root: base,
      train: typeof train === "string" ? under(train) : train,
      test: typeof test === "string" ? under(test) : test,
      ...(labels && { labels: under(labels) }),
      ...(testLabels && { testLabels: under(testLabels) }),
      ...(cacheFolder && { cacheFolder: resolve(folder, cacheFolder) }),
    },
    labels: config.labels.map((budget) =>
      budget.list === undefined ? budget : { ...budget, list: under(budget.list) },
    ),
  };
}
