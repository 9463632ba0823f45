import { join } from "node:path";
import { DataError } from "@simclr/core";
import { inClassOrder, labelsFromPaths } from "./class-labels.js";
import type { OpenedDataset } from "./encoded-dataset.js";
import { folderDataset } from "./folder-dataset.js";
import { listFiles } from "./folder-files.js";
import { IMAGE_EXTENSIONS, isImageName } from "./image-names.js";
import { readLabelsCsv } from "./labels-csv.js";
import type { ResolvedOpenOptions } from "./open-options.js";

/** Found at the top of a folder, it says which images are labelled. */
const LABELS_FILE = "labels.csv";

/**
 * A data set over a folder of images, sorted by name. Classes come from `labels.csv` (or `options.labels`) if there
 * is one, and from the folders otherwise; see `labelsFromPaths`.
 */
export async function readFolder(folder: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  const files = await listFiles(folder);
  const found = files.filter(({ name }) => isImageName(name));
  const others = files.filter(({ name }) => !isImageName(name)).map(({ name }) => name);
  if (found.length === 0)
    throw new DataError(
      `No images in ${folder}: expected <class>/<name>.jpg, labelled/<class>/… and unlabelled/…, images side by side, or .tar shards (images end in ${IMAGE_EXTENSIONS}); found ${others.length} other files${others[0] === undefined ? "" : `, the first of them ${others[0]}`}.`,
      { subject: folder, expected: "images" },
    );
  const names = found.map(({ name }) => name);
  const labels = options.labels ?? (others.includes(LABELS_FILE) ? join(folder, LABELS_FILE) : undefined);
  const own = labels === undefined ? labelsFromPaths(names, folder) : await readLabelsCsv(labels, names);
  const classes = inClassOrder(own, options.classNames, (index) => names[index]!);
  return folderDataset(
    folder,
    found,
    classes,
    others.filter((name) => name !== LABELS_FILE),
    options,
  );
}
