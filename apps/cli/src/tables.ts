import type { RunResults } from "@simclr/pipeline";
import Table from "cli-table3";
import pc from "picocolors";

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const table = (head: string[], alignments: ("left" | "right")[]): Table.Table =>
  new Table({ head, colAligns: alignments, style: { head: [], border: [], compact: true } });

/** Methods in the order they were measured, one block for each label budget. */
export function accuracyTable(rows: RunResults["accuracy"]): string {
  const out = table(["labels", "method", "top-1", "against supervised"], ["left", "left", "right", "right"]);
  for (const labels of new Set(rows.map((row) => row.labels))) {
    const group = rows.filter((row) => row.labels === labels);
    const baseline = group.find(({ isBaseline }) => isBaseline);
    for (const [i, { method, top1 }] of group.entries()) {
      const gain = baseline && method !== baseline.method ? signed(100 * (top1 - baseline.top1)) : "";
      out.push([i === 0 ? pc.bold(labels) : "", method, percent(top1), gain]);
    }
  }
  return out.toString();
}

export function calibrationTable(rows: RunResults["calibration"]): string {
  const out = table(["how hard the data is", "", "expected", ""], ["left", "right", "left", "left"]);
  for (const { check, value, unit, limit, passed } of rows) {
    out.push([check, `${value.toFixed(1)}${unit ? ` ${unit}` : ""}`, limit, passed ? pc.green("yes") : pc.red("no")]);
  }
  return out.toString();
}

const signed = (points: number): string => `${points >= 0 ? "+" : "−"}${Math.abs(points).toFixed(1)}`;
