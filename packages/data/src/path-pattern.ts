import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError, InvalidArgumentError } from "@simclr/core";
import { byCodeUnit } from "./image-names.js";
import { didYouMean, nearMatches } from "./near-matches.js";

/** More than this many paths from one pattern is a typing mistake. */
const MAX_EXPANSIONS = 100_000;

/** Whether a path holds braces or wildcards. */
export function isPattern(path: string): boolean {
  return /[*?]|\{[^{}]*(?:,|\.\.)[^{}]*\}/.test(path);
}

/**
 * The files that a pattern names: `train-{0..4}.tar`, `{train,extra}-*.tar`, `shard-{000..127}.tar`.
 *
 * Braces expand in order, and each name they give must exist; `*` and `?`, in the last part of the path only, match
 * what is there, sorted.
 *
 * @throws DataError if nothing matches, or a name that braces give does not exist.
 */
export async function expandPattern(pattern: string): Promise<string[]> {
  const paths: string[] = [];
  for (const expanded of expandBraces(pattern)) {
    const folder = dirname(expanded);
    if (/[*?]/.test(folder))
      throw new InvalidArgumentError(
        `openDataset: the pattern "${pattern}" may hold * and ? only after its last "/"; received them in "${folder}". Name the folder, or use braces.`,
        { subject: pattern },
      );
    const names = (await listFolder(folder, pattern)).filter((name) => wildcard(basename(expanded)).test(name));
    if (names.length === 0) throw await noMatch(pattern, expanded);
    paths.push(...names.sort(byCodeUnit).map((name) => join(folder, name)));
  }
  return [...new Set(paths)];
}

/** Expands `{a,b}` and `{0..4}`; a range keeps the zeros in front of its first number. */
export function expandBraces(pattern: string): string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern);
  if (match === null) return [pattern];
  const [, before = "", body = "", behind = ""] = match;
  const range = /^(\d+)\.\.(\d+)$/.exec(body);
  let choices: string[];
  if (range !== null) {
    const [first, last] = [Number(range[1]), Number(range[2])];
    const count = Math.abs(last - first) + 1;
    checkCount(pattern, count);
    const step = last < first ? -1 : 1;
    choices = Array.from({ length: count }, (_, i) => String(first + i * step).padStart(range[1]!.length, "0"));
  } else if (body.includes(",")) choices = body.split(",");
  else return expandBraces(behind).map((tail) => `${before}{${body}}${tail}`);
  const tails = expandBraces(behind);
  checkCount(pattern, choices.length * tails.length);
  return choices.flatMap((choice) => tails.map((tail) => before + choice + tail));
}

function checkCount(pattern: string, count: number): void {
  if (count <= MAX_EXPANSIONS) return;
  throw new InvalidArgumentError(
    `openDataset: the pattern "${pattern}" gives ${count} names, more than ${MAX_EXPANSIONS}. Shorten its ranges.`,
    { subject: pattern },
  );
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s");
}

async function listFolder(folder: string, pattern: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new DataError(
      `The folder ${folder} of the pattern "${pattern}" cannot be read: ${(cause as Error).message}. ` +
        "Expected a folder that holds the shards; correct the path.",
      {
        subject: folder,
        cause,
      },
    );
  }
}

async function noMatch(pattern: string, expanded: string): Promise<DataError> {
  const names = await readdir(dirname(expanded));
  const similar = nearMatches(basename(expanded), names);
  const tars = names.filter((name) => name.endsWith(".tar")).sort(byCodeUnit);
  const listed =
    tars.length === 0 ? "" : ` The folder holds ${tars.slice(0, 8).join(", ")}${tars.length > 8 ? ", …" : ""}.`;
  return new DataError(
    `No file matches ${expanded}, from the pattern "${pattern}".${didYouMean(similar)}${listed} Correct the pattern.`,
    { subject: pattern, expected: "at least one file" },
  );
}
