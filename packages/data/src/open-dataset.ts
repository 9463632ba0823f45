import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DataError, InvalidArgumentError } from "@simclr/core";
import { checkApplicable } from "./applicable-options.js";
import { isArrayName, readArrays } from "./arrays/read-arrays.js";
import { cifarVariant, readCifar, refusePickles } from "./binaries/read-cifar.js";
import { isStl10, readStl10 } from "./binaries/read-stl10.js";
import type { OpenedDataset } from "./encoded-dataset.js";
import { unreadable } from "./folder-files.js";
import { isImageName } from "./image-names.js";
import { didYouMean, nearMatches } from "./near-matches.js";
import { type DatasetFormat, type OpenOptions, type ResolvedOpenOptions, resolveOpenOptions } from "./open-options.js";
import { openShapes, SHAPES_NAME } from "./open-shapes.js";
import { isShardName, openShards, shardsOfFolder } from "./open-shards.js";
import { expandBraces, expandPattern, isPattern } from "./path-pattern.js";
import { readFolder } from "./read-folder.js";
import { readImage } from "./read-image.js";
import { isManifestName, readManifest } from "./read-manifest.js";
import { readSplits, splitOfFolder } from "./read-splits.js";
import { isUrl } from "./remote/remote-file.js";

const LAYOUTS =
  'a folder of images (<class>/<name>.jpg, labelled/<class>/… and unlabelled/…, train/ and val/, or flat with a labels.csv), a list, .csv or .jsonl of images, .tar or .parquet files (one, a folder of them, a pattern such as "train-{0..4}.tar", or http(s) URLs), a .npy or .npz array, a folder of CIFAR or STL-10 binaries, one image, or "shapes"';

/**
 * Opens a set of images. Nothing is decoded yet: pass the result to `cacheDecoded`.
 *
 * @param path - A folder, a file, a pattern of tar or Parquet files (`train-{0..4}.tar`, `train-*.parquet`), a list of
 *   such files, URLs of them, or `"shapes"` for the built-in drawn images.
 * @returns Images in a fixed order: sorted by name for folders, as stored for everything else. The caller closes it.
 * @throws DataError if the path does not exist, holds no images, or a file is damaged.
 */
export async function openDataset(path: string | readonly string[], options: OpenOptions = {}): Promise<OpenedDataset> {
  const resolved = resolveOpenOptions(options);
  if (typeof path !== "string") {
    if (path.length === 0)
      throw new InvalidArgumentError("openDataset: `path` must name at least one file; received an empty list.", {
        subject: "path",
      });
    return openShards(path.join(", "), path, resolved);
  }
  if (resolved.format === "shapes" || (path === SHAPES_NAME && resolved.format === undefined))
    return openShapes(resolved);
  if (isUrl(path)) return openUrls(path, resolved);
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
    throw unreadable(resolve(path), cause);
  });
  if (found === undefined) {
    if (isPattern(path)) return openShards(path, await expandPattern(path), resolved);
    throw await missingPath(path);
  }
  return found.isDirectory() ? openFolder(path, resolved) : openFile(path, resolved);
}

/** Braces in URLs expand as in paths; there is nothing that a wildcard could be compared with. */
function openUrls(url: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  if (url.includes("*"))
    throw new InvalidArgumentError(
      `openDataset: the URL ${url} holds a *, but a server does not list its files. Use braces, such as train-{000..127}.tar.`,
      { subject: "path", received: url },
    );
  return openShards(url, expandBraces(url), options);
}

/** Readers of one file or folder; each refuses options that say nothing about what it reads. */
const READERS = {
  folder: readFolder,
  splits: readSplits,
  manifest: readManifest,
  npy: readArrays,
  cifar10: (path: string, options: ResolvedOpenOptions) => readCifar(path, "cifar10", options),
  cifar100: (path: string, options: ResolvedOpenOptions) => readCifar(path, "cifar100", options),
  stl10: readStl10,
} as const;

function read(format: keyof typeof READERS, path: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  checkApplicable(path, format, options);
  return READERS[format](path, options);
}

async function openFile(path: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  const { format } = options;
  if (format === undefined && isImageName(basename(path))) return readImage(path, options);
  const kind = format ?? formatOfFile(path);
  switch (kind) {
    case "cifar10":
    case "cifar100":
    case "manifest":
    case "npy":
      return read(kind, path, options);
    case "tar":
    case "parquet":
      return openShards(path, [path], options);
    default:
      throw new DataError(
        format === undefined
          ? `${resolve(path)}: this kind of file is not known by its name. Expected ${LAYOUTS}. Name the kind with \`format\`.`
          : `${resolve(path)} is a file, but format "${format}" was asked for, which is a folder. Expected ${LAYOUTS}.`,
        { subject: path, expected: LAYOUTS },
      );
  }
}

function formatOfFile(path: string): DatasetFormat | undefined {
  if (isManifestName(path)) return "manifest";
  if (isArrayName(path)) return "npy";
  return isShardName(path) ? "tar" : undefined;
}

async function openFolder(path: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  const { format } = options;
  const names = await readdir(path).catch((cause: unknown) => {
    throw unreadable(resolve(path), cause);
  });
  if (format === "manifest" || format === "npy")
    throw new DataError(
      `${resolve(path)} is a folder, but format "${format}" was asked for, which is a file. Give the path of the file.`,
      { subject: path, expected: "a file" },
    );
  if (format !== undefined && format !== "tar" && format !== "parquet" && format !== "shapes")
    return read(format, path, options);
  if (options.pattern !== undefined) return openShards(path, await expandPattern(join(path, options.pattern)), options);
  if (format === undefined) {
    const cifar = cifarVariant(names);
    if (cifar !== undefined) return read(cifar, path, options);
    if (isStl10(names)) return read("stl10", path, options);
    await refusePickles(path);
  }
  const shards = await shardsOfFolder(path, format);
  if (shards !== undefined) return openShards(path, shards, options);
  return read((await isFolderOfSplits(path)) ? "splits" : "folder", path, options);
}

/** Whether the folders at the top are `train` and other splits, and nothing else. */
async function isFolderOfSplits(path: string): Promise<boolean> {
  const entries = await readdir(path, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  const splits = folders.map(({ name }) => splitOfFolder(name));
  return splits.includes("train") && splits.every((split) => split !== undefined) && splits.length > 1;
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
