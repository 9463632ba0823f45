import { readFile } from "node:fs/promises";
import { DataError } from "@simclr/core";
import { type ClassLabels, fromClasses } from "./class-labels.js";
import { parseCsvRows } from "./csv-rows.js";
import { didYouMean, nearMatches } from "./near-matches.js";

const COLUMNS = ["file", "label"];

/**
 * Reads a `labels.csv`: the header `file,label`, then a row for each labelled image. Images that no row names are
 * unlabelled. Fields may be quoted; a byte-order mark and Windows line ends are fine.
 *
 * @param path - The CSV file, UTF-8.
 * @param names - Relative paths of the images of the data set.
 * @throws DataError, with `file:line`, for an unknown or missing column, a row of another length, an empty or a
 *   duplicate label, or a row that names no image.
 */
export async function readLabelsCsv(path: string, names: readonly string[]): Promise<ClassLabels> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new DataError(
      `Cannot read the labels ${path}: ${(cause as Error).message}. Expected a CSV file with the header "file,label".`,
      { subject: path, expected: "a CSV file", cause },
    );
  }
  const rows = parseCsvRows(text, (line, problem) => {
    throw bad(path, line, problem);
  });
  const header = rows[0];
  if (header === undefined) throw bad(path, 1, 'is empty; expected the header "file,label" and a row for each label');
  const unknown = header.fields.find((field) => !COLUMNS.includes(field));
  if (unknown !== undefined)
    throw bad(path, header.line, `unknown column "${unknown}"; expected the header "file,label"`);
  const fileColumn = header.fields.indexOf("file");
  const labelColumn = header.fields.indexOf("label");
  if (fileColumn < 0 || labelColumn < 0 || header.fields.length !== 2)
    throw bad(path, header.line, `expected the header "file,label"; received "${header.fields.join(",")}"`);

  const known = new Map(names.map((name, i) => [name.replace(/^\.\//, ""), i]));
  const classes = new Array<string | undefined>(names.length).fill(undefined);
  const lineOf = new Map<number, number>();
  for (const { fields, line } of rows.slice(1)) {
    if (fields.length !== 2) throw bad(path, line, `expected 2 fields, file and label; received ${fields.length}`);
    const file = fields[fileColumn]!.replace(/^\.\//, "");
    const label = fields[labelColumn]!.trim();
    const index = known.get(file);
    if (index === undefined) {
      const hint = didYouMean(nearMatches(file, [...known.keys()]));
      throw bad(
        path,
        line,
        `names "${file}", which is not an image of this data set.${hint} Correct or remove the row`,
      );
    }
    if (label === "")
      throw bad(path, line, `the label of "${file}" is empty. Leave the row out if its class is not known`);
    const earlier = lineOf.get(index);
    if (earlier !== undefined)
      throw bad(path, line, `"${file}" has a label already, from line ${earlier}. Remove one of the two rows`);
    lineOf.set(index, line);
    classes[index] = label;
  }
  return fromClasses(classes);
}

function bad(path: string, line: number, problem: string): DataError {
  return new DataError(`${path}:${line}: ${problem}.`, { subject: `${path}:${line}` });
}
