import { DataError } from "@simclr/core";
import { parseCsvRows } from "./csv-rows.js";
import { isImageName } from "./image-names.js";
import { didYouMean, nearMatches } from "./near-matches.js";
import type { DatasetColumns } from "./open-options.js";

/** An image that a manifest names. */
export interface ManifestRow {
  readonly file: string;
  /** `undefined` where the class is not known. */
  readonly label: string | undefined;
  /** From 1. */
  readonly line: number;
}

export interface ManifestRows {
  readonly rows: readonly ManifestRow[];
  /** Whether the manifest says which classes there are; if not, folders may. */
  readonly hasLabels: boolean;
}

const IMAGE_COLUMNS = ["file", "file_name", "filename", "path", "filepath", "image", "image_path", "img"];
const LABEL_COLUMNS = ["label", "class", "class_name", "target", "category"];

/**
 * Reads the rows of a manifest by its extension: `.csv` with a header, `.jsonl` with an object on each line, and a list
 * with a path on each line otherwise, with a class behind it after a tab, or a number after a space.
 *
 * @param path - The manifest, for messages.
 * @throws DataError, with `file:line`, for a row that cannot be used.
 */
export function parseManifest(path: string, text: string, columns: DatasetColumns): ManifestRows {
  if (/\.csv$/i.test(path)) return parseCsv(path, text, columns);
  if (/\.(jsonl|ndjson)$/i.test(path)) return parseJsonLines(path, text, columns);
  return parseList(path, text);
}

/** The error for a line of a manifest. */
export function manifestError(path: string, line: number, problem: string): DataError {
  return new DataError(`${path}:${line}: ${problem}.`, { subject: `${path}:${line}` });
}

function parseCsv(path: string, text: string, columns: DatasetColumns): ManifestRows {
  const [header, ...rows] = parseCsvRows(text, (line, problem) => {
    throw manifestError(path, line, problem);
  });
  if (header === undefined) throw manifestError(path, 1, "the manifest is empty; expected a header such as file,label");
  const { fields } = header;
  const image = pickColumn(path, header.line, fields, columns.image, IMAGE_COLUMNS, "image");
  if (image === undefined)
    throw manifestError(
      path,
      header.line,
      `no column names the images; received the header "${fields.join(",")}", expected one of ${IMAGE_COLUMNS.join(", ")}. Rename a column, or name it with \`columns\``,
    );
  const label = pickColumn(path, header.line, fields, columns.label, LABEL_COLUMNS, "label");
  return {
    hasLabels: label !== undefined,
    rows: rows.map(({ fields: values, line }) => {
      if (values.length !== fields.length)
        throw manifestError(
          path,
          line,
          `expected ${fields.length} fields, as in the header; received ${values.length}. Quote fields that hold commas`,
        );
      const value = label === undefined ? "" : values[fields.indexOf(label)]!.trim();
      return { file: values[fields.indexOf(image)]!, label: value === "" ? undefined : value, line };
    }),
  };
}

function parseJsonLines(path: string, text: string, columns: DatasetColumns): ManifestRows {
  const rows: ManifestRow[] = [];
  let hasLabels = false;
  for (const [i, raw] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    if (raw.trim() === "") continue;
    const line = i + 1;
    let value: unknown;
    try {
      value = JSON.parse(raw);
    } catch (cause) {
      throw manifestError(path, line, `is not JSON (${(cause as Error).message}); expected an object on each line`);
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw manifestError(path, line, `expected an object such as {"file": "a.jpg", "label": "cat"}; received ${raw}`);
    const record = value as Record<string, unknown>;
    const keys = Object.keys(record);
    const image = pickColumn(path, line, keys, columns.image, IMAGE_COLUMNS, "image");
    const file = image === undefined ? undefined : record[image];
    if (typeof file !== "string")
      throw manifestError(
        path,
        line,
        `no key names the image; received ${keys.join(", ") || "an empty object"}, expected one of ${IMAGE_COLUMNS.join(", ")}, with a path. Name the key with \`columns\` if it is another`,
      );
    const key = columns.label ?? LABEL_COLUMNS.find((name) => keys.includes(name));
    const label = key === undefined ? undefined : record[key];
    if (label !== undefined && label !== null && typeof label !== "string" && typeof label !== "number")
      throw manifestError(path, line, `the label ${JSON.stringify(label)} is neither a text nor a number nor null`);
    if (key !== undefined && keys.includes(key)) hasLabels = true;
    rows.push({ file, label: label === undefined || label === null ? undefined : String(label), line });
  }
  return { rows, hasLabels };
}

function parseList(path: string, text: string): ManifestRows {
  const rows: ManifestRow[] = [];
  for (const [i, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const line = i + 1;
    if (raw.trim() === "") continue;
    const tab = raw.indexOf("\t");
    const numbered = /^(.*\S) +(\d+)$/.exec(raw);
    if (tab >= 0) {
      const label = raw.slice(tab + 1).trim();
      if (label === "")
        throw manifestError(path, line, "has a tab but no class after it. Remove the tab, or add the class");
      rows.push({ file: raw.slice(0, tab).trim(), label, line });
    } else if (numbered !== null && isImageName(numbered[1]!))
      rows.push({ file: numbered[1]!.trim(), label: numbered[2]!, line });
    else rows.push({ file: raw.trim(), label: undefined, line });
  }
  return { rows, hasLabels: rows.some(({ label }) => label !== undefined) };
}

function pickColumn(
  path: string,
  line: number,
  found: readonly string[],
  asked: string | undefined,
  usual: readonly string[],
  what: string,
): string | undefined {
  if (asked === undefined) return usual.find((name) => found.includes(name));
  if (found.includes(asked)) return asked;
  throw manifestError(
    path,
    line,
    `has no "${asked}", which \`columns.${what}\` names; received ${found.join(", ")}.${didYouMean(nearMatches(asked, found))} Correct the name`,
  );
}
