import { readFile } from "node:fs/promises";
import { DataError, type Dataset, UNLABELLED } from "@simclr/core";
import { derivedDataset } from "./derived-dataset.js";
import { fingerprintOf } from "./fingerprint.js";
import { didYouMean, nearMatches } from "./near-matches.js";
import { classCounts } from "./subset.js";

/** Names compared for "did you mean"; more would take longer than the answer is worth. */
const HINT_CANDIDATES = 5_000;

/**
 * Keeps the labels of the images that a file lists and forgets the others. All images stay.
 *
 * The format is that of SimCLR's official `1percent.txt` and `10percent.txt` for ImageNet: a file name on each line, such
 * as `n01440764_10026.JPEG`. A line may have folders in front where names alone do not tell images apart.
 *
 * @param dataset - Borrowed: keep it open as long as the result is used.
 * @param path - The list, UTF-8.
 * @throws DataError, with `file:line`, for a line that names no image, several, one without a label, or one named before;
 *   or if a class is left without a label.
 * @see https://github.com/google-research/simclr/tree/master/imagenet_subsets
 */
export async function keepListedLabels(dataset: Dataset, path: string): Promise<Dataset> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new DataError(
      `Cannot read the list of labelled images ${path}: ${cause.message}. Expected a text with the name of an image on each line.`,
      { subject: path, expected: "a list of names", cause },
    );
  });
  const byName = indicesByFileName(dataset);
  const labels = new Int32Array(dataset.size).fill(UNLABELLED);
  const lineOf = new Map<number, number>();
  for (const [i, raw] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    const name = raw.trim().replace(/^\.\//, "");
    if (name === "") continue;
    const line = i + 1;
    const index = find(dataset, byName, path, line, name);
    const label = dataset.labels[index]!;
    if (label === UNLABELLED)
      throw bad(path, line, `"${name}" is an image without a label in ${dataset.name}. Label it, or remove the line`);
    const earlier = lineOf.get(index);
    if (earlier !== undefined)
      throw bad(path, line, `"${name}" was listed before, on line ${earlier}. Remove one of the two`);
    lineOf.set(index, line);
    labels[index] = label;
  }
  const result = derivedDataset(dataset, {
    labels,
    classNames: dataset.classNames,
    fingerprint: fingerprintOf([dataset.fingerprint, "listed-labels", labels]),
  });
  const missing = classCounts(result).indexOf(0);
  if (lineOf.size === 0 || missing >= 0)
    throw new DataError(
      `${path}: ${lineOf.size === 0 ? "lists no images" : `leaves the class "${dataset.classNames[missing]}" without a label`}. Expected at least one image of each of the ${dataset.classNames.length} classes of ${dataset.name}; complete the list.`,
      { subject: path, expected: "an image of each class" },
    );
  return result;
}

/** Images by the last part of their names, without what is in front of `:` in the names of members of archives. */
function indicesByFileName(dataset: Dataset): Map<string, number[]> {
  const indices = new Map<string, number[]>();
  for (let index = 0; index < dataset.size; index++) {
    const name = lastPart(dataset.id(index));
    const known = indices.get(name);
    if (known === undefined) indices.set(name, [index]);
    else known.push(index);
  }
  return indices;
}

function find(
  dataset: Dataset,
  byName: ReadonlyMap<string, readonly number[]>,
  path: string,
  line: number,
  name: string,
): number {
  const found = (byName.get(lastPart(name)) ?? []).filter((index) => {
    const id = dataset.id(index);
    return id === name || (/[/:]/.test(id.at(-name.length - 1) ?? "/") && id.endsWith(name));
  });
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw bad(
      path,
      line,
      `"${name}" could be ${dataset.id(found[0]!)} or ${dataset.id(found[1]!)}. Write enough of the folders in front to tell them apart`,
    );
  const hint = didYouMean(nearMatches(lastPart(name), [...byName.keys()].slice(0, HINT_CANDIDATES)));
  throw bad(path, line, `names "${name}", which is not an image of ${dataset.name}.${hint} Correct or remove the line`);
}

const lastPart = (name: string): string => name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf(":")) + 1);

function bad(path: string, line: number, problem: string): DataError {
  return new DataError(`${path}:${line}: ${problem}.`, { subject: `${path}:${line}` });
}
