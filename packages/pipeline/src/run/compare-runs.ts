import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "@simclr/core";
import { type MeanInterval, meanInterval } from "@simclr/evaluate";
import type { RunResults } from "../results.js";

/** A run that has ended. */
export interface FinishedRun {
  readonly folder: string;
  readonly results: RunResults;
}

/** One method with one number of labels, over runs. */
export interface ComparedRow {
  readonly labels: string;
  readonly method: string;
  /** Top-1 of each run, in [0, 1], in their order; undefined where a run did not measure it. */
  readonly top1: readonly (number | undefined)[];
  /** Over all runs that measured it. */
  readonly summary: MeanInterval;
}

export interface Comparison {
  readonly runs: readonly { readonly folder: string; readonly name: string; readonly seed: number }[];
  /** In the order in which the runs measured them. */
  readonly rows: readonly ComparedRow[];
  /** Whether all runs have one name, so that they differ in their seed and their mean means something. */
  readonly isRepeated: boolean;
}

/**
 * Reads the results of a run.
 *
 * @throws CheckpointError if there are none, or another version of simclr wrote them.
 */
export async function readRun(folder: string): Promise<FinishedRun> {
  const file = join(folder, "results.json");
  let results: RunResults;
  try {
    results = JSON.parse(await readFile(file, "utf8")) as RunResults;
  } catch (cause) {
    throw new CheckpointError(
      `${folder} holds no results of a run (${(cause as Error).message}). Give the folder of a run that has ended; the command that began it goes on with it.`,
      { subject: folder, expected: "results.json", cause },
    );
  }
  if (results?.formatVersion === 1 && Array.isArray(results.accuracy)) return { folder, results };
  const received = String(results?.formatVersion);
  throw new CheckpointError(
    `${file} must be of format 1, which this simclr reads; received ${received}. Use the simclr that wrote it.`,
    { subject: file, expected: "1", received },
  );
}

/** Puts runs side by side: what each measured, and the mean of repetitions with its 95 % interval. */
export function compareRuns(runs: readonly FinishedRun[]): Comparison {
  const keys = new Map<string, { labels: string; method: string }>();
  const keyOf = ({ labels, method }: { labels: string; method: string }): string => JSON.stringify([labels, method]);
  for (const { results } of runs)
    for (const { labels, method } of results.accuracy) keys.set(keyOf({ labels, method }), { labels, method });
  const rows = [...keys].map(([key, names]): ComparedRow => {
    const top1 = runs.map(({ results }) => results.accuracy.find((row) => keyOf(row) === key)?.top1);
    return { ...names, top1, summary: meanInterval(top1.filter((value) => value !== undefined)) };
  });
  return {
    runs: runs.map(({ folder, results: { name, seed } }) => ({ folder, name, seed })),
    rows,
    isRepeated: runs.length > 1 && new Set(runs.map(({ results }) => results.name)).size === 1,
  };
}
