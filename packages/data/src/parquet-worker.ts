import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { boundedCompressors } from "./parquet/decompress.js";
import { describe } from "./parquet/describe.js";
import type { ColumnTask, ImageColumn, LabelColumn, ParquetReply, ParquetTask } from "./parquet/protocol.js";

/** Metadata of files that were read last; it is large where row groups are many. */
const KEPT_FILES = 32;

/** Labels are numbers or names; what is longer is no label. */
const MAX_LABEL_BYTES = 1000;

interface OpenFile {
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
}

const files = new Map<string, Promise<FileMetaData>>();

/** Runs a task with the file open. */
async function run(task: ParquetTask): Promise<unknown> {
  const descriptor = openSync(task.path, "r");
  try {
    const { size, mtimeMs } = fstatSync(descriptor);
    const buffer = fileBuffer(descriptor, size);
    const metadata = await metadataOf(`${task.path}:${size}:${mtimeMs}`, buffer);
    if (task.kind === "describe") return describe(metadata, size, task.image, task.label);
    return task.kind === "labels"
      ? await readLabels({ buffer, metadata }, task)
      : await readImages({ buffer, metadata }, task);
  } finally {
    closeSync(descriptor);
  }
}

/** Reads are inside the file, so that nothing longer than it is allocated. */
function fileBuffer(descriptor: number, size: number): AsyncBuffer {
  return {
    byteLength: size,
    slice(start, end = size) {
      if (!(start >= 0 && start <= end && end <= size))
        throw new Error(`it refers to the bytes ${start} to ${end}, outside of its ${size}`);
      const bytes = new Uint8Array(end - start);
      let done = 0;
      while (done < bytes.length) {
        const count = readSync(descriptor, bytes, done, bytes.length - done, start + done);
        if (count === 0) throw new Error(`it ends ${bytes.length - done} bytes early`);
        done += count;
      }
      return bytes.buffer;
    },
  };
}

function metadataOf(key: string, buffer: AsyncBuffer): Promise<FileMetaData> {
  let metadata = files.get(key);
  if (metadata === undefined) {
    metadata = parquetMetadataAsync(buffer, {
      initialFetchSize: Math.min(buffer.byteLength, 1 << 16),
      geoparquet: false,
    });
    if (files.size >= KEPT_FILES) files.clear();
    files.set(key, metadata);
    metadata.catch(() => files.delete(key));
  }
  return metadata;
}

async function readColumn({ buffer, metadata }: OpenFile, { column, group }: ColumnTask): Promise<unknown[]> {
  const rows = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  const rowStart = rows.slice(0, group).reduce((sum, count) => sum + count, 0);
  const rowEnd = rowStart + rows[group]!;
  const chunks = metadata.row_groups[group]!.columns.filter((each) => each.meta_data?.path_in_schema[0] === column);
  const largest = Math.max(...chunks.map((each) => Number(each.meta_data!.total_uncompressed_size)));
  const objects = await parquetReadObjects({
    file: buffer,
    metadata,
    columns: [column],
    rowStart,
    rowEnd,
    utf8: false,
    geoparquet: false,
    compressors: boundedCompressors(largest),
  });
  if (objects.length !== rowEnd - rowStart)
    throw new Error(`its row group ${group} holds ${objects.length} of ${rowEnd - rowStart} rows`);
  return objects.map((row) => (row as Record<string, unknown>)[column]);
}

async function readLabels(file: OpenFile, task: ColumnTask): Promise<LabelColumn> {
  const decoder = new TextDecoder();
  return (await readColumn(file, task)).map((value, row) => {
    if (value === null || value === undefined) return null;
    if (typeof value === "bigint" || typeof value === "number") return Number(value);
    if (typeof value === "string") return value;
    if (value instanceof Uint8Array && value.length <= MAX_LABEL_BYTES) return decoder.decode(value);
    throw new Error(`row ${row} of its row group ${task.group} has a label that is neither a number nor a name`);
  });
}

async function readImages(file: OpenFile, task: ColumnTask): Promise<ImageColumn> {
  const values = await readColumn(file, task);
  const missing: [number, string][] = [];
  const encoded = values.map((value, row): Uint8Array => {
    const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null | undefined)?.bytes;
    if (bytes instanceof Uint8Array) return bytes;
    missing.push([row, "the row holds no bytes of an image, only a path or nothing"]);
    return new Uint8Array(0);
  });
  const starts = new Float64Array(values.length + 1);
  for (const [row, { length }] of encoded.entries()) starts[row + 1] = starts[row]! + length;
  const limit = file.buffer.byteLength + Math.max(...chunkBytes(file, task));
  if (starts.at(-1)! > limit) throw new Error(`its images take ${starts.at(-1)} bytes, more than their column has`);
  const bytes = new Uint8Array(starts.at(-1)!);
  for (const [row, image] of encoded.entries()) bytes.set(image, starts[row]!);
  return { bytes, starts, missing };
}

function chunkBytes({ metadata }: OpenFile, { group, column }: ColumnTask): number[] {
  return metadata.row_groups[group]!.columns.flatMap(({ meta_data: chunk }) =>
    chunk?.path_in_schema[0] === column ? [Number(chunk.total_uncompressed_size)] : [],
  );
}

parentPort?.on("message", (task: ParquetTask) => {
  run(task).then(
    (result) => {
      const moved = (result as Partial<ImageColumn>).bytes;
      parentPort!.postMessage(
        { result } satisfies ParquetReply,
        moved === undefined ? [] : [moved.buffer as ArrayBuffer],
      );
    },
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      // What a decoder runs into behind damage it did not look for.
      const isStray = error instanceof TypeError || error instanceof RangeError;
      const problem = isStray ? `its contents do not fit together (${message})` : message;
      parentPort!.postMessage({ problem } satisfies ParquetReply);
    },
  );
});
