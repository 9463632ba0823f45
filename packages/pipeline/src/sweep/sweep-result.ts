import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { CheckpointError } from "@simclr/core";
import { type MeanInterval, meanInterval } from "@simclr/evaluate";
import type { Config } from "../config/schema.js";
import type { RunResults } from "../results.js";
import { differences } from "../run/run-folder.js";
import type { Sweep, SweepPoint } from "./load-sweep.js";

/** The file of a finished point: small, without paths of this machine, fit to be kept with the code. */
export interface SweepResult {
  readonly formatVersion: 1;
  readonly sweep: string;
  readonly point: Readonly<Record<string, string>>;
  /** What was run, paths relative to the folder of the data. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly accuracy: RunResults["accuracy"];
  readonly probes: RunResults["probes"];
  readonly distillation: RunResults["distillation"];
  readonly stages: readonly Omit<RunResults["stages"][number], "folder">[];
  readonly facts: RunResults["facts"];
}

export const resultFile = ({ results }: Sweep, { name }: SweepPoint): string => join(results, `${name}.json`);

export function sweepResult(sweep: Sweep, point: SweepPoint, results: RunResults): SweepResult {
  const { accuracy, probes, distillation, facts } = results;
  const { root } = point.config.data;
  return {
    ...{ formatVersion: 1, sweep: sweep.name, point: point.values, config: portable(point.config) },
    ...{ accuracy, probes, distillation, facts: withoutFolder(facts, root) },
    stages: results.stages.map(({ folder: _folder, ...stage }) => stage),
  };
}

/**
 * The result of each point, in their order; undefined where there is none yet.
 *
 * @throws CheckpointError if one was made with another configuration, naming the keys.
 */
export function sweepResults(sweep: Sweep): Promise<(SweepResult | undefined)[]> {
  return Promise.all(sweep.points.map((point) => readResult(sweep, point)));
}

async function readResult(sweep: Sweep, point: SweepPoint): Promise<SweepResult | undefined> {
  const file = resultFile(sweep, point);
  if (!existsSync(file)) return undefined;
  const result = JSON.parse(await readFile(file, "utf8")) as SweepResult;
  const differing = differences(result.config, portable(point.config));
  if (differing.length === 0) return result;
  throw new CheckpointError(
    `${file} was made with another configuration (different: ${differing.join(", ")}). Remove it to make it again, or give the sweep another name or \`results\`.`,
    { subject: file },
  );
}

/** What decides a point's result, without where things lie on this machine. */
function portable(config: Config): Record<string, unknown> {
  const {
    output: _output,
    checkpoint: _checkpoint,
    logging: _logging,
    maxMinutes: _minutes,
    memory: _,
    ...rest
  } = config;
  const {
    root,
    cache: _cache,
    cacheFolder: _folder,
    maxCacheMegabytes: _megabytes,
    workers: _workers,
    ...data
  } = rest.data;
  const { threads: _threads, ...backend } = rest.backend;
  const { pretrained, distill } = rest;
  return withoutFolder(
    {
      ...rest,
      backend,
      ...(pretrained !== undefined && { pretrained: relative(process.cwd(), pretrained) }),
      ...(distill?.teachers !== undefined && {
        distill: { ...distill, teachers: distill.teachers.map((path) => relative(process.cwd(), path)) },
      }),
      data: { ...data, train: below(root, data.train), test: below(root, data.test) },
    },
    root,
  );
}

/** A path from the folder of the data; what is no path of this machine stays as it is. */
const below = <T>(root: string | undefined, spec: T): T | string =>
  root !== undefined && typeof spec === "string" && isAbsolute(spec) ? relative(root, spec) || "." : spec;

/** Plain JSON, in which paths below `folder`, and its own, are relative to it. */
function withoutFolder<T>(value: T, folder: string | undefined): T {
  const text = JSON.stringify(value);
  return JSON.parse(folder === undefined ? text : text.replaceAll(`${folder}/`, "").replaceAll(folder, ".")) as T;
}

/** One method with one number of labels at one point, over its repetitions. */
export interface SweepRow {
  /** What it has of each axis, but for the one that repeats. */
  readonly point: Readonly<Record<string, string>>;
  readonly labels: string;
  readonly method: string;
  /** Top-1 of each repetition, in [0, 1]. */
  readonly top1: readonly number[];
  readonly summary: MeanInterval;
}

/** Means over the repetitions of each point, with 95 % intervals, in the order in which they came. */
export function summarizeSweep(results: readonly SweepResult[], repeat: string): SweepRow[] {
  const groups = new Map<string, Omit<SweepRow, "summary" | "top1"> & { top1: number[] }>();
  for (const { point: values, accuracy } of results) {
    const { [repeat]: _repetition, ...point } = values;
    for (const { labels, method, top1 } of accuracy) {
      const key = JSON.stringify([point, labels, method]);
      const group = groups.get(key) ?? { point, labels, method, top1: [] };
      groups.set(key, group);
      group.top1.push(top1);
    }
  }
  return [...groups.values()].map((group) => ({ ...group, summary: meanInterval(group.top1) }));
}
