import { type ColumnMetaData, type FileMetaData, parquetSchema, type SchemaTree } from "hyparquet";
import { isPlausibleSize } from "./decompress.js";
import type { ByteRange, Description, RowGroup } from "./protocol.js";

const IMAGE_NAMES = ["image", "img", "images", "jpg", "png"];
const LABEL_NAMES = ["label", "labels", "fine_label", "class", "target", "cls"];

/** A row group whose images unpack to more cannot be read: it is decoded as a whole. */
const MAX_GROUP_BYTES = 2 ** 30;

/** Runs make rows cheap, but not free. */
const MAX_ROWS_PER_BYTE = 1000;

/** What Hugging Face's `datasets` notes of a column. */
interface Feature {
  readonly _type?: unknown;
  readonly names?: unknown;
}

/**
 * Finds the columns of images and labels, and where their row groups are. Everything that the metadata says is checked
 * against the size of the file first.
 *
 * @throws Error saying what is wrong with the file.
 */
export function describe(
  metadata: FileMetaData,
  fileBytes: number,
  image: string | undefined,
  label: string | undefined,
): Description {
  const { children } = parquetSchema(metadata);
  const features = huggingFaceFeatures(metadata);
  const listed = children.map(({ element }) => element.name).join(", ");
  const find = (what: string, asked: string | undefined, fits: (column: SchemaTree) => boolean, usual: string[]) => {
    if (asked !== undefined) {
      const column = children.find(({ element }) => element.name === asked);
      if (column === undefined)
        throw new Error(`it has no column "${asked}" for the ${what}; its columns are ${listed}`);
      if (!fits(column)) throw new Error(`its column "${asked}" has a type that cannot hold the ${what}`);
      return column;
    }
    const type = what === "images" ? "Image" : "ClassLabel";
    return (
      children.find((column) => features[column.element.name]?._type === type && fits(column)) ??
      usual.map((name) => children.find((c) => c.element.name === name && fits(c))).find((c) => c !== undefined)
    );
  };
  const images = find("images", image, holdsImages, IMAGE_NAMES) ?? children.find(isImageStruct);
  if (images === undefined)
    throw new Error(
      `none of its columns holds images (a struct of "bytes" and "path", or bytes called ${IMAGE_NAMES.join(", ")}); its columns are ${listed}. Name the right one with \`columns\`, as { image: … }`,
    );
  const labels = find("labels", label, holdsLabels, LABEL_NAMES);
  const names = labels === undefined ? undefined : features[labels.element.name]?.names;
  return {
    rowGroups: rowGroups(metadata, fileBytes, images, labels),
    imageColumn: images.element.name,
    labelColumn: labels?.element.name,
    classNames: isNameList(names) ? names : undefined,
  };
}

const isNameList = (names: unknown): names is string[] =>
  Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string" && name !== "");

function isImageStruct({ children }: SchemaTree): boolean {
  return children.some(({ element }) => element.name === "bytes" && element.type === "BYTE_ARRAY");
}

function holdsImages(column: SchemaTree): boolean {
  return isImageStruct(column) || (column.children.length === 0 && column.element.type === "BYTE_ARRAY");
}

function holdsLabels({ children, element: { type } }: SchemaTree): boolean {
  return children.length === 0 && (type === "INT32" || type === "INT64" || type === "BYTE_ARRAY");
}

function rowGroups(
  metadata: FileMetaData,
  fileBytes: number,
  images: SchemaTree,
  labels: SchemaTree | undefined,
): RowGroup[] {
  let total = 0;
  const groups = metadata.row_groups.map(({ columns, num_rows }, group): RowGroup => {
    const rows = Number(num_rows);
    if (!Number.isSafeInteger(rows) || rows < 0) throw new Error(`its row group ${group} has ${num_rows} rows`);
    total += rows;
    const chunksOf = (column: SchemaTree): ColumnMetaData[] =>
      columns.flatMap(({ meta_data: chunk }) => (chunk?.path_in_schema[0] === column.element.name ? [chunk] : []));
    let imageBytes = 0;
    const rangeOf = (column: SchemaTree): ByteRange => {
      const chunks = chunksOf(column);
      if (chunks.length === 0) throw new Error(`its row group ${group} lacks the column "${column.element.name}"`);
      const ranges = chunks.map((chunk) => chunkRange(chunk, rows, fileBytes, group));
      return { start: Math.min(...ranges.map(({ start }) => start)), end: Math.max(...ranges.map(({ end }) => end)) };
    };
    const imageRange = rangeOf(images);
    for (const chunk of chunksOf(images)) imageBytes += Number(chunk.total_uncompressed_size);
    if (imageBytes > MAX_GROUP_BYTES)
      throw new Error(
        `the images of its row group ${group} take ${imageBytes} bytes, more than ${MAX_GROUP_BYTES}; write it with a smaller row_group_size`,
      );
    return { rows, images: imageRange, labels: labels && rangeOf(labels), imageBytes };
  });
  if (BigInt(total) !== metadata.num_rows)
    throw new Error(`its row groups have ${total} rows, its metadata says ${metadata.num_rows}`);
  return groups;
}

function chunkRange(chunk: ColumnMetaData, rows: number, fileBytes: number, group: number): ByteRange {
  const { path_in_schema: path, num_values, total_compressed_size, total_uncompressed_size } = chunk;
  const where = `the column "${path.join(".")}" of its row group ${group}`;
  if (BigInt(rows) !== num_values) throw new Error(`${where} has ${num_values} values for ${rows} rows`);
  const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
  const packed = Number(total_compressed_size);
  const end = start + packed;
  if (!(start >= 0 && packed > 0 && end <= fileBytes))
    throw new Error(`${where} lies at bytes ${start} to ${end}, outside of the file of ${fileBytes}`);
  if (!isPlausibleSize(packed, Number(total_uncompressed_size)))
    throw new Error(`${where} claims to unpack from ${packed} to ${total_uncompressed_size} bytes`);
  if (rows > MAX_ROWS_PER_BYTE * packed) throw new Error(`${where} claims ${rows} rows in ${packed} bytes`);
  return { start, end };
}

/** The features that `datasets` wrote to the metadata; none if it says nothing that can be understood. */
function huggingFaceFeatures({ key_value_metadata: entries }: FileMetaData): Readonly<Record<string, Feature>> {
  const text = entries?.find(({ key }) => key === "huggingface")?.value;
  if (text === undefined) return {};
  let features: unknown;
  try {
    features = (JSON.parse(text) as { info?: { features?: unknown } })?.info?.features;
  } catch (cause) {
    throw new Error(`its metadata "huggingface" is not JSON (${(cause as Error).message})`);
  }
  if (typeof features !== "object" || features === null) return {};
  const known = Object.entries(features).filter(([, feature]) => typeof feature === "object" && feature !== null);
  return Object.fromEntries(known);
}
