import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DataError, InvalidArgumentError } from "@simclr/core";
import { checkApplicable } from "./applicable-options.js";
import type { OpenedDataset } from "./encoded-dataset.js";
import { listFiles } from "./folder-files.js";
import { byCodeUnit, isHidden, isImageName } from "./image-names.js";
import type { DatasetFormat, ResolvedOpenOptions } from "./open-options.js";
import { readParquet } from "./parquet/read-parquet.js";
import { readTars } from "./read-tar.js";
import { isUrl, remoteFile } from "./remote/remote-file.js";
import { localSource, type SourceFile } from "./remote/source-file.js";

const ENDINGS = { tar: /\.(tar(\.\w+)?|tgz|txz)$/i, parquet: /\.parquet$/i };

/** Whether a path names an archive or a Parquet file by its extension. */
export function isShardName(path: string): boolean {
  return shardFormat(path) !== undefined;
}

/** Opens tar archives or Parquet files, by path or by URL, as one data set. */
export async function openShards(
  name: string,
  paths: readonly string[],
  options: ResolvedOpenOptions,
): Promise<OpenedDataset> {
  const { format = commonFormat(paths), cacheFolder } = options;
  if (format !== "tar" && format !== "parquet")
    throw new InvalidArgumentError(
      `openDataset: format "${format}" does not fit the files ${paths.slice(0, 3).join(", ")}. Expected "tar" or "parquet", or the path of one folder or file.`,
      { subject: "format", expected: '"tar" or "parquet"', received: format },
    );
  checkApplicable(name, format, options);
  const sources: SourceFile[] = [];
  if (format === "parquet") {
    for (const path of paths) sources.push(isUrl(path) ? await remoteFile(path, cacheFolder) : await localSource(path));
    return readParquet(name, sources, options);
  }
  const shards: { readonly path: string; readonly name: string }[] = [];
  for (const path of paths) {
    if (!isUrl(path)) shards.push({ path, name: path });
    else {
      const source = await remoteFile(path, cacheFolder);
      await source.fetch(0, source.size); // workers read members from the file
      shards.push({ path: source.path, name: path });
    }
  }
  return readTars(name, shards, options);
}

/**
 * The archives or Parquet files right in a folder, sorted; undefined if there are none and none was asked for.
 *
 * @throws DataError if the folder holds images too, or shards of both kinds, and the format does not say which is meant.
 */
export async function shardsOfFolder(folder: string, format: DatasetFormat | undefined): Promise<string[] | undefined> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory() && !isHidden(entry.name)).map(({ name }) => name);
  const [tars, parquets] = [/\.tar$/i, ENDINGS.parquet].map((ending) =>
    files.filter((name) => ending.test(name)).sort(byCodeUnit),
  ) as [string[], string[]];
  const ambiguous = (one: string, other: string): DataError =>
    new DataError(
      `The folder ${resolve(folder)} holds both ${one} and ${other}. Say which are meant with format "tar", "parquet" or "folder".`,
      { subject: folder, expected: "one kind of files" },
    );
  if (format === undefined && tars.length > 0 && parquets.length > 0)
    throw ambiguous(`.tar files (${tars[0]})`, `.parquet files (${parquets[0]})`);
  const kind = format ?? (parquets.length > 0 ? "parquet" : "tar");
  const shards = kind === "parquet" ? parquets : tars;
  if (shards.length === 0) {
    if (format === undefined) return undefined;
    throw new DataError(`No .${kind} file in the folder ${resolve(folder)}, but format "${kind}" was asked for.`, {
      subject: folder,
      expected: `at least one .${kind} file`,
    });
  }
  if (format === undefined) {
    const image = (await listFiles(folder)).find(({ name }) => isImageName(name));
    if (image !== undefined) throw ambiguous(`.${kind} files (${shards[0]})`, `images (${image.name})`);
  }
  return shards.map((name) => join(folder, name));
}

function shardFormat(path: string): "tar" | "parquet" | undefined {
  const name = isUrl(path) ? new URL(path).pathname : path;
  if (ENDINGS.tar.test(name)) return "tar";
  return ENDINGS.parquet.test(name) ? "parquet" : undefined;
}

function commonFormat(paths: readonly string[]): "tar" | "parquet" {
  const formats = new Set(paths.map((path) => shardFormat(path) ?? "tar")); // what is no archive says so when it is read
  if (formats.size === 1) return [...formats][0]!;
  throw new InvalidArgumentError(
    `openDataset: ${paths.slice(0, 3).join(", ")} are of several kinds. Give files of one kind, or name it with \`format\`.`,
    { subject: "path", expected: "files of one kind" },
  );
}
