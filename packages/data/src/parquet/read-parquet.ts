import { basename } from "node:path";
import { DataError, type RawImage, UNLABELLED } from "@simclr/core";
import { type ClassLabels, fromClasses, fromNumbers, inClassOrder } from "../class-labels.js";
import { decodeImage } from "../decode-image.js";
import { decodedDataset } from "../decoded-dataset.js";
import { brokenImageError, type OpenedDataset, type SkippedImage } from "../encoded-dataset.js";
import type { ResolvedOpenOptions } from "../open-options.js";
import type { SourceFile } from "../remote/source-file.js";
import { describeParquet, readLabelColumn } from "./parquet-thread.js";
import type { Description, LabelColumn } from "./protocol.js";
import { RowGroupCache } from "./row-group-cache.js";

/** A row of a file. */
interface Row {
  readonly file: number;
  readonly group: number;
  readonly row: number;
  readonly id: string;
}

/** An opened file. */
interface OpenedParquet {
  readonly source: SourceFile;
  readonly label: string;
  readonly description: Description;
  readonly labels: LabelColumn;
}

/**
 * Images in Parquet files as Hugging Face's `datasets` writes them: a struct of `bytes` and `path`, or a column of
 * bytes, and a column of labels whose class names are in the metadata. Rows are in the order of the files.
 *
 * Row groups are decoded as a whole, and the last ones kept: reading rows in order, as `cacheDecoded` does, decodes each
 * once; reading them at random does not.
 */
export async function readParquet(
  name: string,
  sources: readonly SourceFile[],
  options: ResolvedOpenOptions,
): Promise<OpenedDataset> {
  const skipped: SkippedImage[] = [];
  const files: OpenedParquet[] = [];
  const labels = sources.map((source) => basename(source.name));
  const names = new Set(labels).size === labels.length ? labels : sources.map((source) => source.name);
  for (const [i, source] of sources.entries()) {
    try {
      files.push(await openFile(source, names[i]!, options));
    } catch (cause) {
      const problem = damaged(source.name, cause);
      if (options.onBroken === "error") throw problem;
      skipped.push({ id: source.name, reason: problem.message });
    }
  }
  const rows = files.flatMap(({ description, label }, file) => rowsOf(description, label, file));
  if (rows.length === 0)
    throw new DataError(
      `No images in ${sources.map((source) => source.name).join(", ")}: the files have no rows${skipped.length === 0 ? "" : ` that can be read; ${skipped[0]!.reason}`}. Expected at least one row.`,
      { subject: sources[0]?.name ?? name, expected: "images" },
    );
  const id = (index: number): string => rows[index]!.id;
  const all = inClassOrder(classesOf(files, options, id), options.classNames, id);
  const kept = rows.slice(0, options.limit);
  const cache = new RowGroupCache();
  const settings = { channels: options.channels, maxPixels: options.maxPixels, background: options.background };
  return decodedDataset(
    {
      name,
      imageShape: undefined,
      classes: { classNames: all.classNames, labels: all.labels.slice(0, kept.length) },
      identity: [
        "parquet",
        options.channels,
        ...files.flatMap((file) => [file.label, file.source.size, file.description.imageColumn]),
      ],
      skipped,
      id,
      read: async (index): Promise<RawImage> => {
        const { file, group, row } = kept[index]!;
        const { source, description } = files[file]!;
        try {
          return await decodeImage(await cache.image(source, description, group, row), settings);
        } catch (cause) {
          throw brokenImageError(id(index), cause);
        }
      },
      close: async () => cache.clear(),
    },
    options,
  );
}

async function openFile(source: SourceFile, label: string, { columns }: ResolvedOpenOptions): Promise<OpenedParquet> {
  await fetchFooter(source);
  const { path } = source;
  const description = await describeParquet({ path, image: columns.image, label: columns.label });
  const labels: (number | string | null)[] = [];
  const column = description.labelColumn;
  for (const [group, { rows, labels: range }] of description.rowGroups.entries()) {
    if (column === undefined || range === undefined) for (let row = 0; row < rows; row++) labels.push(null);
    else {
      await source.fetch(range.start, range.end);
      for (const value of await readLabelColumn({ path, column, group })) labels.push(value);
    }
  }
  return { source, label, description, labels };
}

/** Brings the end of the file here, where its metadata is. */
async function fetchFooter(source: SourceFile): Promise<void> {
  const { size } = source;
  if (size < 12) throw new Error(`it has ${size} bytes, too few for any Parquet file`);
  const tail = await source.read(size - 8, size);
  if (tail.toString("latin1", 4) !== "PAR1") throw new Error('it does not end with "PAR1"');
  const bytes = tail.readUInt32LE(0);
  if (bytes > size - 12) throw new Error(`its metadata claims ${bytes} bytes of a file of ${size}`);
  await source.fetch(size - 8 - bytes, size);
}

function rowsOf({ rowGroups }: Description, label: string, file: number): Row[] {
  const rows: Row[] = [];
  for (const [group, { rows: count }] of rowGroups.entries())
    for (let row = 0; row < count; row++) rows.push({ file, group, row, id: `${label}[${rows.length}]` });
  return rows;
}

function classesOf(
  files: readonly OpenedParquet[],
  { classNames }: ResolvedOpenOptions,
  idOf: (index: number) => string,
): ClassLabels {
  const labels = files.flatMap((file) => file.labels);
  if (labels.some((label) => typeof label === "string"))
    return fromClasses(labels.map((label) => (label === null ? undefined : String(label))));
  const own = files[0]!.description.classNames;
  const other = files.find((file) => file.description.classNames?.join("\n") !== own?.join("\n"));
  if (other !== undefined)
    throw new DataError(
      `${other.source.name}: its metadata names other classes than that of ${files[0]!.source.name}. Files of one data set must have the same classes; open them one by one.`,
      { subject: other.source.name, expected: own?.join(", ") ?? "no names" },
    );
  const numbers = labels.map((label) => (label === null ? UNLABELLED : Number(label)));
  return fromNumbers(numbers, own ?? classNames, idOf);
}

function damaged(name: string, cause: unknown): DataError {
  return new DataError(
    `${name}: the Parquet file cannot be read: ${(cause as Error).message.replace(/\.$/, "")}. If it is damaged, copy or write it again, or pass onBroken: "skip" to go on without it.`,
    { subject: name, expected: "a Parquet file of images", cause },
  );
}
