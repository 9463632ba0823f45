import { appendFile } from "node:fs/promises";
import type { TrainerHook } from "../hooks.js";
import { dropLines } from "./drop-lines.js";
import { type ReportKind, reportHook } from "./report-hook.js";

export interface JsonlHookOptions {
  /** What has a line. @defaultValue "step" */
  readonly per?: ReportKind;
}

/**
 * Appends what was measured to a file, one JSON object a line: a `StepReport`, an `EpochReport` or an `EvaluationReport`;
 * numbers that are not finite become null. A run that begins at step `n` first drops the lines of step `n` and later, and a
 * last line that was cut short, so the file holds each step once. The file is on disk before a checkpoint whose hook comes
 * later in the list. Only rank 0 writes.
 */
export function jsonlHook(file: string, { per = "step" }: JsonlHookOptions = {}): TrainerHook {
  return reportHook({
    name: "jsonl",
    file,
    per,
    async open(keeps) {
      await dropLines(file, (line) => {
        const step = stepOf(line);
        return step === undefined || keeps(step);
      });
    },
    append: (report) => appendFile(file, `${JSON.stringify(report)}\n`),
  });
}

/** Lines that are not ours, such as notes of another program, have none. */
function stepOf(line: string): number | undefined {
  try {
    const value = JSON.parse(line) as { readonly step?: unknown } | null;
    return typeof value?.step === "number" ? value.step : undefined;
  } catch {
    return undefined;
  }
}
