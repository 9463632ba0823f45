import { readFile } from "node:fs/promises";
import { DataError } from "@simclr/core";
import type { EvaluationReport, StepReport } from "../hooks.js";

/**
 * Reads what `jsonlHook` wrote, one report a step, in order; a last line without its newline was cut short and is left out.
 *
 * @throws DataError naming file and line where a line is not a step's report.
 */
export function readSteps(file: string): Promise<StepReport[]> {
  return readReports(file, "step");
}

/**
 * Reads what `jsonlHook` wrote with `per: "evaluation"`, as `readSteps` does.
 *
 * @throws DataError naming file and line where a line is not the report of an evaluation.
 */
export function readEvaluations(file: string): Promise<EvaluationReport[]> {
  return readReports(file, "evaluation");
}

async function readReports<Report extends Pick<StepReport, "step" | "metrics">>(
  file: string,
  kind: "step" | "evaluation",
): Promise<Report[]> {
  const lines = (await readFile(file, "utf8")).split("\n").slice(0, -1);
  return lines.map((line, i) => {
    try {
      const report = JSON.parse(line) as Report | null;
      if (typeof report?.step === "number" && typeof report.metrics === "object") return report;
    } catch (cause) {
      throw new DataError(`${file}:${i + 1}: not JSON. The file was altered; restore it, or start the run anew.`, {
        cause,
      });
    }
    const article = kind === "step" ? "a" : "an";
    throw new DataError(
      `${file}:${i + 1}: not the report of ${article} ${kind}. Give the file that jsonlHook wrote per ${kind}.`,
    );
  });
}
