import { DataError, UNLABELLED } from "@simclr/core";
import { byCodeUnit } from "./image-names.js";

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
