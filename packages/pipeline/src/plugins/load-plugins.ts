import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ConfigError } from "@simclr/core";
import { createJiti } from "jiti";
import type { PluginSource } from "./plugin-source.js";
import { type PluginDefinition, readDefinitions } from "./read-definitions.js";

/** A plugin whose module was loaded and whose definitions fit this version. */
export interface LoadedPlugin {
  readonly name: string;
  /** Of its package or of the `plugin` object; undefined for a file of its own. */
  readonly version: string | undefined;
  /** SHA-256 of the file that was loaded, so that a change of it is seen. */
  readonly sha256: string;
  /** The file. */
  readonly file: string;
  /** As it was named. */
  readonly source: PluginSource;
  readonly definitions: readonly PluginDefinition[];
}

const TYPESCRIPT = [".ts", ".mts", ".cts", ".tsx"];

/**
 * Loads the plugins of a configuration, JavaScript or TypeScript, in their order.
 *
 * @throws ConfigError if one is not there, cannot be loaded, or exports nothing that this version can use.
 */
export async function loadPlugins(sources: readonly PluginSource[]): Promise<readonly LoadedPlugin[]> {
  const plugins: LoadedPlugin[] = [];
  for (const source of sources) plugins.push(await loadPlugin(source));
  return plugins;
}

async function loadPlugin(source: PluginSource): Promise<LoadedPlugin> {
  const file = locate(source);
  const shown = typeof source === "string" ? source : `${source.package} (${file})`;
  const namespace = await importModule(file, shown);
  const manifest = typeof source === "string" ? undefined : await manifestOf(file, source.package);
  const ownName = manifest?.name ?? basename(file, extname(file));
  const { name = ownName, version = manifest?.version, definitions } = readDefinitions(namespace, shown);
  const sha256 = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  return { name, version, sha256, file, source, definitions };
}

function locate(source: PluginSource): string {
  if (typeof source === "string") {
    if (existsSync(source)) return source;
    throw new ConfigError(
      `plugins: there is no file ${source}. Give a path relative to the configuration's folder, such as ./my-augmentation.ts, or the name of an installed package.`,
      { subject: source, expected: "a file" },
    );
  }
  const { package: name, from } = source;
  const found = createJiti(join(from, "configuration.js")).esmResolve(name, { try: true });
  if (found !== undefined) return fileURLToPath(found);
  throw new ConfigError(
    `plugins: cannot find the package "${name}" from ${from}. Install it there (npm install ${name}); a file needs a path that begins with "./".`,
    { subject: name, expected: "an installed package" },
  );
}

async function importModule(file: string, shown: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    if (!TYPESCRIPT.includes(extname(file))) return await import(pathToFileURL(file).href);
    // Node 20 does not read TypeScript. Nothing is written to disk.
    return await createJiti(import.meta.url, { fsCache: false, interopDefault: false }).import(file);
  } catch (cause) {
    const missing = missingPackage(cause);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      missing === undefined
        ? `plugins: ${shown} cannot be loaded: ${reason}. Correct ${file}.`
        : `plugins: ${shown} cannot be loaded: it imports ${missing}, which is not installed. Install it: npm install ${missing}${await peerRange(file, missing)}`,
      { subject: shown, cause },
    );
  }
}

/** The package that an import did not find, whether Node.js or jiti said so; undefined for any other failure. */
function missingPackage(cause: unknown): string | undefined {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return undefined;
  const name = /^Cannot find (?:package|module) '((?:@[^/']+\/)?[^./'][^/']*)/.exec(message)?.[1];
  return name;
}

/** How npm spells the range that the plugin's manifest has for one of its peers: `@"^1.0.0"`. */
async function peerRange(file: string, name: string): Promise<string> {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (!existsSync(path)) continue;
    const { peerDependencies } = JSON.parse(await readFile(path, "utf8")) as { peerDependencies?: typeof process.env };
    const range = peerDependencies?.[name];
    return range === undefined ? "" : `@"${range}"`;
  }
  return "";
}

/** The manifest of a package that a file belongs to; undefined where no folder above it has that package's. */
async function manifestOf(file: string, name: string): Promise<{ name: string; version?: string } | undefined> {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (!existsSync(path)) continue;
    const manifest = JSON.parse(await readFile(path, "utf8")) as { name?: string; version?: string };
    if (manifest.name === name) return { name, ...(manifest.version !== undefined && { version: manifest.version }) };
  }
  return undefined;
}
