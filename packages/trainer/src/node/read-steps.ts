import { readFile } from "node:fs/promises";
import { DataError } from "@simclr/core";
import type { StepReport } from "../hooks.js";

/**
 * Reads what `jsonlHook` wrote, one report a step, in order; a last line without its newline was cut short and is left out.
 *
 * @throws DataError naming file and line where a line is not a step's report.
 */
export async function readSteps(file: string): Promise<StepReport[]> {
  const lines = (await readFile(file, "utf8")).split("\n").slice(0, -1);
  return lines.map((line, i) => {
    try {
      const report = JSON.parse(line) as StepReport | null;
      if (typeof report?.step === "number" && typeof report.metrics === "object") return report;
    } catch (cause) {
      throw new DataError(`${file}:${i + 1}: not JSON. The file was altered; restore it, or start the run anew.`, {
        cause,
      });
    }
    throw new DataError(`${file}:${i + 1}: not the report of a step. Give the file that jsonlHook wrote per step.`);
  });
}
