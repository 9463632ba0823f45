import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { InvalidArgumentError } from "@simclr/core";
import { renderReport } from "./render-report.js";
import type { ReportData } from "./report-data.js";

/**
 * Renders a report and writes it to `file`, UTF-8; missing folders are made.
 *
 * The file appears whole or not at all: it is written beside its place, flushed and renamed, and an older report stays
 * until then.
 *
 * @throws InvalidArgumentError if the report cannot be drawn, or `file` cannot be written (`cause` holds the reason).
 */
export async function writeReport(file: string, data: ReportData): Promise<void> {
  const page = await renderReport(data);
  const target = resolve(file);
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    await mkdir(dirname(target), { recursive: true });
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(page, "utf8");
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidArgumentError(
      `writeReport: \`file\` must name a file that can be written; received "${file}": ${reason}. ` +
        "Choose a folder you may write to.",
      { subject: "file", expected: "a file that can be written", received: file, cause },
    );
  }
}
