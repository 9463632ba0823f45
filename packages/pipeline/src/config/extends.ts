import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, relative, resolve } from "node:path";
import { ConfigError } from "@simclr/core";
import { nearest } from "../plugins/nearest.js";
import { pluginSource } from "../plugins/plugin-source.js";
import { presetFile, presetNames } from "../presets.js";
import { layOver, type Sourced, sourced } from "./merge.js";
import { SourceFile } from "./source-file.js";

/**
 * What a file says, laid over the files that its `extends` names: files (from its own folder) or presets, of which later ones
 * are laid over earlier ones.
 *
 * @throws ConfigError with the place of `extends`, where that names nothing, or a file that extends this one.
 */
export function withBases(source: SourceFile): Sourced<SourceFile> {
  return layered(source, [resolve(source.file)]);
}

/** @param chain - The files that led here, each extending the next, this one last. */
function layered(source: SourceFile, chain: readonly string[]): Sourced<SourceFile> {
  const { extends: named, ...own } = blockOf(source);
  const isBase = chain.length > 1;
  let result: Sourced<SourceFile> | undefined;
  for (const [name, place] of namesOf(named, source)) {
    const file = fileOf(name, place, source);
    if (chain.includes(file)) {
      const circle = [...chain.slice(chain.indexOf(file)), file].map((each) => relative(".", each));
      throw new ConfigError(
        `${place}: \`extends\` goes in a circle: ${circle.join(" extends ")}. Remove one of them.`,
        {
          subject: "extends",
        },
      );
    }
    const base = layered(read(file, place), [...chain, file]);
    result = result === undefined ? base : layOver(result, base);
  }
  const top = sourced(isBase ? fromItsFolder(own, source) : own, source);
  return result === undefined ? top : layOver(result, top);
}

/** The keys of a file; nothing, where it is no mapping, of which validation says what is wrong. */
function blockOf({ document, file }: SourceFile): Record<string, unknown> {
  const value: unknown = document.toJS();
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ConfigError(
    `${file}:1:1: a configuration is a mapping of keys, such as \`name: my-run\`; found ${value === null || value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60)}. \`extends: signs-few-labels\` begins from a preset.`,
    { subject: file, expected: "a mapping" },
  );
}

function namesOf(named: unknown, source: SourceFile): [name: string, place: string][] {
  if (named === undefined) return [];
  const list = Array.isArray(named) ? named : [named];
  return list.map((name: unknown, i) => {
    const place = source.place(Array.isArray(named) ? ["extends", i] : ["extends"]);
    if (typeof name === "string" && name !== "") return [name, place];
    throw new ConfigError(
      `${place}: \`extends\` must be a file or a preset, or a list of them; received ${JSON.stringify(name)}. Presets are ${presetNames().join(", ")}.`,
      { subject: "extends", received: JSON.stringify(name) },
    );
  });
}

/** Names with a slash or an ending are files. */
function fileOf(name: string, place: string, { file }: SourceFile): string {
  if (!/[\\/]/.test(name) && !/^\.ya?ml$/.test(extname(name))) {
    const preset = presetFile(name);
    if (preset !== undefined) return preset;
    throw new ConfigError(
      `${place}: \`extends\`: there is no preset "${name}".${nearest(name, presetNames())} Presets are ${presetNames().join(", ")}; files end in .yaml.`,
      { subject: "extends", expected: presetNames().join(", "), received: name },
    );
  }
  const path = resolve(dirname(resolve(file)), name);
  if (existsSync(path)) return path;
  throw new ConfigError(
    `${place}: \`extends\`: there is no file ${path}. Paths are relative to the folder of the file that says \`extends\`; correct the path.`,
    { subject: "extends", expected: "a file", received: name },
  );
}

function read(path: string, place: string): SourceFile {
  try {
    return new SourceFile(readFileSync(path, "utf8"), relative(".", path));
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`${place}: \`extends\`: cannot read ${path} (${(cause as Error).message}).`, {
      subject: "extends",
      cause,
    });
  }
}

/**
 * Paths that belong to the file that writes them: those of `plugins`, `pretrained`, `distill.teachers`, `data.root` and `data.cacheFolder`. All other
 * paths of data are below the root, which by default is the folder of the file that is run.
 */
function fromItsFolder(block: Record<string, unknown>, { file }: SourceFile): Record<string, unknown> {
  const folder = dirname(resolve(file));
  const result = { ...block };
  const { plugins, data, pretrained, distill } = block;
  if (typeof pretrained === "string") result.pretrained = resolve(folder, pretrained);
  if (typeof distill === "object" && distill !== null && "teachers" in distill && Array.isArray(distill.teachers)) {
    const teachers = distill.teachers.map((path: unknown) => (typeof path === "string" ? resolve(folder, path) : path));
    result.distill = { ...distill, teachers };
  }
  if (Array.isArray(plugins))
    result.plugins = plugins.map((each: unknown) => (typeof each === "string" ? pluginSource(each, folder) : each));
  if (typeof data === "object" && data !== null && !Array.isArray(data)) {
    const own: Record<string, unknown> = { ...data };
    for (const key of ["root", "cacheFolder"]) if (typeof own[key] === "string") own[key] = resolve(folder, own[key]);
    result.data = own;
  }
  return result;
}
