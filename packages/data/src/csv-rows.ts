/** A row of a CSV file. */
export interface CsvRow {
  readonly fields: readonly string[];
  /** From 1. */
  readonly line: number;
}

/**
 * Comma-separated values as in RFC 4180; blank lines are left out, a byte-order mark and Windows line ends are fine.
 *
 * @param refuse - Called with the line of a quoted field that does not end.
 */
export function parseCsvRows(text: string, refuse: (line: number, problem: string) => never): CsvRow[] {
  const rows: CsvRow[] = [];
  const token = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let fields: string[] = [];
  let line = 1;
  let start = 1;
  token.lastIndex = text.startsWith("\uFEFF") ? 1 : 0;
  while (token.lastIndex < text.length || fields.length > 0) {
    const match = token.exec(text);
    if (match === null) return refuse(line, 'a quoted field must be closed, and quotes inside it doubled ("")');
    const [whole, quoted, plain = "", end] = match;
    fields.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    line += whole.split("\n").length - 1;
    if (end === ",") continue;
    if (fields.length > 1 || fields[0] !== "") rows.push({ fields, line: start });
    fields = [];
    start = line;
  }
  return rows;
}
