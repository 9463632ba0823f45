import { join } from "node:path";
import type { ClassLabels } from "./class-labels.js";
import { encodedDataset, type OpenedDataset } from "./encoded-dataset.js";
import type { FolderFile } from "./folder-files.js";
import type { ResolvedOpenOptions } from "./open-options.js";

/**
 * The image files of a folder as a data set, at most `options.limit` of them.
 *
 * @param classes - Of all `images`, in their order.
 * @param ignored - Names of files that are no images.
 */
export function folderDataset(
  folder: string,
  images: readonly FolderFile[],
  classes: ClassLabels,
  ignored: readonly string[],
  { channels, maxPixels, background, onBroken, limit }: ResolvedOpenOptions,
): OpenedDataset {
  const kept = images.slice(0, limit);
  return encodedDataset({
    name: folder,
    images: kept.map(({ name, size }) => ({ id: name, name, location: { path: join(folder, name), offset: 0, size } })),
    classes: { classNames: classes.classNames, labels: classes.labels.slice(0, kept.length) },
    settings: { channels, maxPixels, background },
    onBroken,
    skipped: [],
    ignored,
  });
}
