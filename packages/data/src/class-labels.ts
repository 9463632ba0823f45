import { DataError, UNLABELLED } from "@simclr/core";
import { byCodeUnit } from "./image-names.js";
import { didYouMean, nearMatches } from "./near-matches.js";

/** More classes than this come from damage, not from people. */
const MAX_CLASSES = 1_000_000;

/** The classes of a list of images. */
export interface ClassLabels {
  /** Sorted by code unit. */
  readonly classNames: readonly string[];
  /** Class index of each image; `UNLABELLED` where it has none. */
  readonly labels: Int32Array;
}

const LABELLED_FOLDERS = new Set(["labelled", "labeled"]);
const UNLABELLED_FOLDERS = new Set(["unlabelled", "unlabeled"]);

/**
 * Reads the classes out of relative paths.
 *
 * - `labelled/<class>/…` and `unlabelled/…` (also with one l), if nothing else lies at the top: what the names say.
 * - otherwise the first folder is the class; a file without a folder is unlabelled. One folder around all class
 *   folders (as in a tar of a whole folder) is looked through.
 *
 * @param names - Paths with `/`, relative to the data set.
 * @param where - The data set, for messages.
 * @throws DataError if a file lies in `labelled/` without a class folder.
 */
export function labelsFromPaths(names: readonly string[], where: string): ClassLabels {
  let paths = names.map((name) => name.replace(/^(\.?\/)+/, "").split("/"));
  if (!isSplitLayout(paths) && sharesRoot(paths)) paths = paths.map((steps) => steps.slice(1));
  if (!isSplitLayout(paths)) return fromClasses(paths.map((steps) => (steps.length > 1 ? steps[0] : undefined)));
  return fromClasses(
    paths.map((steps, i) => {
      if (UNLABELLED_FOLDERS.has(steps[0]!)) return undefined;
      if (steps.length > 2) return steps[1];
      throw new DataError(
        `${where}: "${names[i]}" lies in "${steps[0]}" without a class folder; expected ${steps[0]}/<class>/${steps[1]}. Move it into the folder of its class, or into "unlabelled".`,
        { subject: names[i]!, expected: `${steps[0]}/<class>/${steps[1]}` },
      );
    }),
  );
}

/** Numbers the classes in the order of their sorted names; `undefined` means unlabelled. */
export function fromClasses(classes: readonly (string | undefined)[]): ClassLabels {
  const classNames = [...new Set(classes.filter((name) => name !== undefined))].sort(byCodeUnit);
  const indices = new Map(classNames.map((name, i) => [name, i]));
  const labels = Int32Array.from(classes, (name) => (name === undefined ? UNLABELLED : indices.get(name)!));
  return { classNames, labels };
}

/**
 * Classes by their numbers, as archives and arrays of other programs store them; a negative one means unlabelled.
 *
 * @param numbers - Class index of each image; `undefined` means unlabelled.
 * @param classNames - The list that the numbers index. @defaultValue the numbers themselves, from 0 to the largest
 * @param idOf - Name of an image, for messages.
 * @throws DataError if a number is no index of a class.
 */
export function fromNumbers(
  numbers: ArrayLike<number | undefined>,
  classNames: readonly string[] | undefined,
  idOf: (index: number) => string,
): ClassLabels {
  const labels = new Int32Array(numbers.length).fill(UNLABELLED);
  const count = classNames?.length ?? MAX_CLASSES;
  let largest = UNLABELLED;
  for (let i = 0; i < labels.length; i++) {
    const label = numbers[i];
    if (label === undefined || label < 0) continue;
    if (!Number.isInteger(label) || label >= count)
      throw new DataError(
        `${idOf(i)}: its label ${label} is not a class; expected an integer in [0, ${count})${classNames === undefined ? "" : `, the index of one of the ${count} class names`}, or a negative one for an unlabelled image. Correct the label, or pass \`classNames\` with a name for each class.`,
        { subject: idOf(i), expected: `an integer in [0, ${count})`, received: String(label) },
      );
    labels[i] = label;
    if (label > largest) largest = label;
  }
  return { classNames: classNames ?? Array.from({ length: largest + 1 }, (_, i) => String(i)), labels };
}

/**
 * The same labels as indices into a given list of classes.
 *
 * @param idOf - Name of an image, for messages.
 * @throws DataError if an image has a class that is not in the list.
 */
export function inClassOrder(
  classes: ClassLabels,
  classNames: readonly string[] | undefined,
  idOf: (index: number) => string,
): ClassLabels {
  if (classNames === undefined || classNames === classes.classNames) return classes;
  const indices = new Map(classNames.map((name, i) => [name, i]));
  const labels = classes.labels.map((label, i) => {
    if (label === UNLABELLED) return UNLABELLED;
    const name = classes.classNames[label]!;
    const index = indices.get(name);
    if (index !== undefined) return index;
    throw new DataError(
      `${idOf(i)}: its class "${name}" is not among the ${classNames.length} \`classNames\`.${didYouMean(nearMatches(name, classNames))} Add the class to the list, or take the image out.`,
      { subject: idOf(i), expected: "one of classNames", received: name },
    );
  });
  return { classNames, labels };
}

function isSplitLayout(paths: readonly (readonly string[])[]): boolean {
  let labelled = false;
  for (const [first, ...rest] of paths) {
    if (first === undefined || rest.length === 0) return false;
    if (LABELLED_FOLDERS.has(first)) labelled = true;
    else if (!UNLABELLED_FOLDERS.has(first)) return false;
  }
  return labelled;
}

function sharesRoot(paths: readonly (readonly string[])[]): boolean {
  const root = paths[0]?.[0];
  return paths.every((steps) => steps.length > 2 && steps[0] === root);
}
