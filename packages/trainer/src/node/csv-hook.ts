import { appendFile, readFile } from "node:fs/promises";
import type { TrainerHook } from "../hooks.js";
import { writeFileAtomic } from "./atomic-file.js";
import { dropLines } from "./drop-lines.js";
import { type AnyReport, type ReportKind, reportHook } from "./report-hook.js";

export interface CsvHookOptions {
  /** What has a row. @defaultValue "step" */
  readonly per?: ReportKind;
}

/**
 * Writes what was measured as a table (RFC 4180): a column for each number of a report, metrics last under their own names.
 * A metric that is first seen later adds a column, and the rows before have an empty cell there; so does a number that is
 * not finite. As with `jsonlHook`, each step is there once, also after a resume, and only rank 0 writes.
 */
export function csvHook(file: string, { per = "step" }: CsvHookOptions = {}): TrainerHook {
  let columns: string[] = [];
  return reportHook({
    name: "csv",
    file,
    per,
    async open(keeps) {
      const [header] = await dropLines(file, (line, index) => index === 0 || keeps(Number(line.split(",", 1)[0])));
      columns = header === undefined ? [] : splitHeader(header);
    },
    async append(report) {
      const row = cells(report);
      const added = [...row.keys()].filter((name) => !columns.includes(name));
      if (added.length > 0) {
        await addColumns(file, columns, added);
        columns = [...columns, ...added];
      }
      await appendFile(file, `${columns.map((name) => row.get(name) ?? "").join(",")}\n`);
    },
  });
}

/** The step first, so that a line can be dropped by it. */
function cells({ metrics, step, ...rest }: AnyReport): Map<string, string> {
  const entries = [["step", step], ...Object.entries(rest), ...Object.entries(metrics)] as [string, unknown][];
  return new Map(
    entries.map(([name, value]) => [
      name,
      typeof value === "number" ? (Number.isFinite(value) ? String(value) : "") : quoted(String(value)),
    ]),
  );
}

async function addColumns(file: string, columns: readonly string[], added: readonly string[]): Promise<void> {
  const rows = columns.length === 0 ? [] : (await readFile(file, "utf8")).split("\n").slice(1, -1);
  const empty = ",".repeat(added.length);
  const lines = [[...columns, ...added].map(quoted).join(","), ...rows.map((row) => row + empty)];
  await writeFileAtomic(file, `${lines.join("\n")}\n`);
}

/** On one line, so that a row is a line. */
function quoted(text: string): string {
  const line = text.replaceAll(/[\r\n]+/g, " ");
  return /[",]/.test(line) ? `"${line.replaceAll('"', '""')}"` : line;
}

const splitHeader = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, inQuotes, plain]) => inQuotes?.replaceAll('""', '"') ?? plain!,
  );
