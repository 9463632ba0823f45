import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigError, isSimclrError } from "@simclr/core";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { type SweepFile, sweepSchema } from "./schema.js";

/** One combination of the axes. */
export interface SweepPoint {
  /** Safe as a file's name: `size-small--seed-0`. */
  readonly name: string;
  /** What it has of each axis, as the file says it. */
  readonly values: Readonly<Record<string, string>>;
  readonly config: Config;
}

/** A sweep whose every point is a valid configuration. */
export interface Sweep {
  readonly name: string;
  /** Names of the axes, in the order of the file. */
  readonly axes: readonly string[];
  /** The axis that repeats. */
  readonly repeat: string;
  /** In the order in which they are run. */
  readonly points: readonly SweepPoint[];
  /** Absolute folders. */
  readonly output: string;
  readonly stages: string;
  readonly results: string;
}

export interface LoadSweepOptions {
  /** Replaces `data.root` of the configuration; relative to the working directory. */
  readonly data?: string;
  /** Replaces `output`; relative to the working directory. */
  readonly output?: string;
  /** `a.b=value` assignments for every point. */
  readonly set?: readonly string[];
}

/**
 * Reads a sweep and the configuration of every point.
 *
 * @throws ConfigError if the file is wrong, or naming every point whose configuration is: nothing has run then.
 */
export async function loadSweep(file: string, options: LoadSweepOptions = {}): Promise<Sweep> {
  const sweep = await readSweep(file);
  const folder = dirname(resolve(file));
  const output = resolve(options.output ?? sweep.output ?? join("runs", sweep.name));
  const points: SweepPoint[] = [];
  const wrong: string[] = [];
  for (const { name, values, set } of combinations(sweep)) {
    const assigned = [...assignmentsOf(sweep.set), ...assignmentsOf(set), ...(options.set ?? [])];
    const { data } = options;
    try {
      const point = { set: assigned, output: join(output, name), ...(data !== undefined && { data }) };
      points.push({ name, values, config: await loadConfig(resolve(folder, sweep.config), point) });
    } catch (error) {
      if (!isSimclrError(error)) throw error;
      wrong.push(`${file}: point ${name}: ${error.message}`);
    }
  }
  if (wrong.length > 0) throw new ConfigError(wrong.join("\n"), { subject: file });
  const twice = points.find(({ name }, i) => points.findIndex((other) => other.name === name) < i);
  if (twice !== undefined)
    throw new ConfigError(
      `${file}: two points are called ${twice.name}. Give the values of \`axes\` names that differ in letters or digits.`,
      { subject: file },
    );
  const stages = sweep.stages === undefined ? join(output, "stages") : resolve(sweep.stages);
  const results = sweep.results === undefined ? join(output, "results") : resolve(folder, sweep.results);
  return { name: sweep.name, axes: Object.keys(sweep.axes), repeat: sweep.repeat, points, output, stages, results };
}

async function readSweep(file: string): Promise<SweepFile> {
  let content: unknown;
  try {
    content = parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new ConfigError(
      `${file}: cannot read the sweep (${(cause as Error).message.split("\n")[0]}). Give the path of a YAML file with \`name\`, \`config\` and \`axes\`.`,
      { subject: file, cause },
    );
  }
  const result = sweepSchema.safeParse(content);
  if (result.success) return result.data;
  throw new ConfigError(`${file}: this is no sweep:\n${z.prettifyError(result.error)}`, { subject: file });
}

interface Combination {
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
  readonly set: Readonly<Record<string, unknown>>;
}

function combinations({ axes }: SweepFile): Combination[] {
  let all: Combination[] = [{ name: "", values: {}, set: {} }];
  for (const [axis, choices] of Object.entries(axes)) {
    const named: [string, Record<string, unknown>][] = Array.isArray(choices)
      ? choices.map((value) => [typeof value === "string" ? value : JSON.stringify(value), { [axis]: value }])
      : Object.entries(choices);
    all = all.flatMap(({ name, values, set }) =>
      named.map(([label, own]) => ({
        name: [name, fileName(`${axis.split(".").at(-1)}-${label}`)].filter(Boolean).join("--"),
        values: { ...values, [axis]: label },
        set: { ...set, ...own },
      })),
    );
  }
  return all;
}

const fileName = (text: string): string => text.replace(/[^\w.-]+/g, "-");

const assignmentsOf = (set: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(set).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
