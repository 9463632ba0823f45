import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DataError, InvalidArgumentError } from "@simclr/core";
import type { OpenedDataset } from "./encoded-dataset.js";
import { listFiles, unreadable } from "./folder-files.js";
import { byCodeUnit, isImageName } from "./image-names.js";
import { didYouMean, nearMatches } from "./near-matches.js";
import { type OpenOptions, type ResolvedOpenOptions, resolveOpenOptions } from "./open-options.js";
import { openShapes, SHAPES_NAME } from "./open-shapes.js";
import { expandPattern, isPattern } from "./path-pattern.js";
import { readFolder } from "./read-folder.js";
import { readTars } from "./read-tar.js";

const LAYOUTS =
  'a folder of images (<class>/<name>.jpg, labelled/<class>/… and unlabelled/…, or flat with a labels.csv), a .tar file, a folder or pattern of .tar shards ("train-{0..4}.tar"), or "shapes"';

/**
 * Opens a set of images. Nothing is decoded yet: pass the result to `cacheDecoded`.
 *
 * @param path - A folder, a `.tar` file, a pattern of tar files (`train-{0..4}.tar`, `train-*.tar`), a list of tar
 *   files, or `"shapes"` for the built-in drawn images.
 * @returns Images in a fixed order: sorted by name for folders, as stored for archives. The caller closes it.
 * @throws DataError if the path does not exist, holds no images, or an archive is damaged.
 */
export async function openDataset(path: string | readonly string[], options: OpenOptions = {}): Promise<OpenedDataset> {
  const resolved = resolveOpenOptions(options);
  if (typeof path !== "string") {
    if (path.length === 0)
      throw new InvalidArgumentError("openDataset: `path` must name at least one tar file; received an empty list.", {
        subject: "path",
      });
    return readTars(path.join(", "), path, resolved);
  }
  if (resolved.format === "shapes" || (path === SHAPES_NAME && resolved.format === undefined))
    return openShapes(resolved);
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
    throw unreadable(resolve(path), cause);
  });
  if (found === undefined) {
    if (isPattern(path)) return readTars(path, await expandPattern(path), resolved);
    throw await missingPath(path);
  }
  if (found.isDirectory()) return openFolder(path, resolved);
  if (resolved.format === "folder")
    throw new DataError(`${resolve(path)} is a file, but format "folder" was asked for. Expected ${LAYOUTS}.`, {
      subject: path,
    });
  return readTars(path, [path], resolved);
}

async function openFolder(path: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  if (options.format === "folder") return readFolder(path, options);
  if (options.pattern !== undefined) return readTars(path, await expandPattern(join(path, options.pattern)), options);
  const names = await readdir(path);
  const tars = names.filter((name) => name.endsWith(".tar") && !name.startsWith(".")).sort(byCodeUnit);
  if (tars.length === 0) {
    if (options.format !== "tar") return readFolder(path, options);
    throw new DataError(`No .tar file in the folder ${resolve(path)}, but format "tar" was asked for.`, {
      subject: path,
      expected: "at least one .tar file",
    });
  }
  if (options.format === undefined) {
    const image = (await listFiles(path)).find(({ name }) => isImageName(name));
    if (image !== undefined)
      throw new DataError(
        `The folder ${resolve(path)} holds both .tar files (${tars[0]}) and images (${image.name}). Say which are meant: format "tar" or "folder".`,
        { subject: path, expected: "either .tar files or images" },
      );
  }
  const shards = tars.map((name) => join(path, name));
  return readTars(path, shards, options);
}

async function missingPath(path: string): Promise<DataError> {
  const full = resolve(path);
  const parent = dirname(full);
  const siblings = await readdir(parent).catch(() => undefined);
  const hint =
    siblings === undefined
      ? ` Its folder ${parent} does not exist either.`
      : didYouMean(nearMatches(basename(full), siblings).map((name) => join(parent, name)));
  return new DataError(`The data path ${full} does not exist.${hint} Expected ${LAYOUTS}.`, {
    subject: path,
    expected: LAYOUTS,
  });
}
