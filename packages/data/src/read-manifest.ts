import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DataError } from "@simclr/core";
import { type ClassLabels, fromClasses, inClassOrder, labelsFromPaths } from "./class-labels.js";
import { encodedDataset, type FoundImage, type OpenedDataset, type SkippedImage } from "./encoded-dataset.js";
import { isImageName } from "./image-names.js";
import { type ManifestRow, manifestError, parseManifest } from "./manifest-rows.js";
import type { ResolvedOpenOptions } from "./open-options.js";

/** Whether a path names a manifest by its extension. */
export function isManifestName(path: string): boolean {
  return /\.(csv|jsonl|ndjson|txt|lst)$/i.test(path);
}

/** Files asked for their size at once. */
const STAT_BATCH = 64;

/**
 * A data set over the images that a list, a CSV or a JSONL file names, in its order. Paths are relative to the
 * manifest's folder. Without labels in it, classes are the first folders of the paths, as for folders of images.
 *
 * @throws DataError, with `file:line`, for a row that names no image, or one that was named before.
 */
export async function readManifest(path: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new DataError(`Cannot read the manifest ${path}: ${cause.message}. Correct its path or its permissions.`, {
      subject: path,
      cause,
    });
  });
  const { rows, hasLabels } = parseManifest(path, text, options.columns);
  if (rows.length === 0)
    throw new DataError(
      `${path}: the manifest names no images. Expected a path on each line, or rows below a header.`,
      {
        subject: path,
        expected: "at least one image",
      },
    );
  checkNames(path, rows);
  const kept = rows.slice(0, options.limit);
  const { images, skipped, used } = await findImages(path, kept, options);
  if (images.length === 0)
    throw new DataError(`${path}: none of the ${kept.length} images that it names can be read; ${skipped[0]!.reason}`, {
      subject: path,
      expected: "at least one image",
    });
  const all: ClassLabels = hasLabels ? fromClasses(rows.map(({ label }) => label)) : classesOfPaths(rows, path);
  const classes = inClassOrder(
    { classNames: all.classNames, labels: Int32Array.from(used, (index) => all.labels[index]!) },
    options.classNames,
    (index) => images[index]!.id,
  );
  return encodedDataset({
    name: path,
    images,
    classes,
    settings: { channels: options.channels, maxPixels: options.maxPixels, background: options.background },
    onBroken: options.onBroken,
    skipped,
    ignored: [],
  });
}

/** Classes from folders; paths that start elsewhere have none. */
function classesOfPaths(rows: readonly ManifestRow[], path: string): ClassLabels {
  const names = rows.map(({ file }) => file.replace(/^(\.\/)+/, ""));
  const elsewhere = names.some((name) => name.startsWith("/") || name.split("/").includes(".."));
  return elsewhere ? fromClasses(names.map(() => undefined)) : labelsFromPaths(names, path);
}

function checkNames(path: string, rows: readonly ManifestRow[]): void {
  const lineOf = new Map<string, number>();
  for (const { file, line } of rows) {
    if (!isImageName(file))
      throw manifestError(
        path,
        line,
        `"${file}" is not the name of an image. Expected a path that ends in .jpg, .png or the like; remove or correct the line`,
      );
    const earlier = lineOf.get(file);
    if (earlier !== undefined)
      throw manifestError(path, line, `"${file}" was named before, on line ${earlier}. Remove one of the two`);
    lineOf.set(file, line);
  }
}

interface Found {
  readonly images: readonly FoundImage[];
  readonly skipped: readonly SkippedImage[];
  /** Which rows the images are. */
  readonly used: readonly number[];
}

async function findImages(
  manifest: string,
  rows: readonly ManifestRow[],
  { onBroken }: ResolvedOpenOptions,
): Promise<Found> {
  const folder = dirname(resolve(manifest));
  const images: FoundImage[] = [];
  const skipped: SkippedImage[] = [];
  const used: number[] = [];
  for (let first = 0; first < rows.length; first += STAT_BATCH) {
    const batch = rows.slice(first, first + STAT_BATCH);
    const stats = await Promise.all(
      batch.map(({ file }) => stat(resolve(folder, file)).catch((cause: Error) => cause)),
    );
    for (const [k, { file, line }] of batch.entries()) {
      const found = stats[k]!;
      if (!(found instanceof Error) && found.isFile()) {
        const location = { path: resolve(folder, file), offset: 0, size: found.size };
        images.push({ id: file, name: file, location });
        used.push(first + k);
        continue;
      }
      const reason = found instanceof Error ? found.message : "it is not a file";
      const problem = manifestError(
        manifest,
        line,
        `names "${file}", which cannot be read: ${reason}. Paths are relative to ${folder}; correct or remove the line`,
      );
      if (onBroken === "error") throw problem;
      skipped.push({ id: file, reason: problem.message });
    }
  }
  return { images, skipped, used };
}
