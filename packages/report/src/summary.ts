import { formatCount, formatPercent, formatPoints } from "./format.js";
import { pairedInterval } from "./paired-interval.js";
import type { AccuracyRow } from "./report-data.js";
import { wilsonInterval } from "./wilson.js";

/** The rows that saw the same labels, and the one they are compared with. */
export interface LabelGroup {
  readonly labels: string;
  readonly rows: readonly AccuracyRow[];
  readonly baseline: AccuracyRow | undefined;
}

/** What the run is remembered for: its best method beside the baseline. */
export interface KeyResult {
  readonly best: AccuracyRow;
  readonly baseline: AccuracyRow | undefined;
}

/** Groups rows by their labels, in the order in which the labels first appear. */
export function groupByLabels(rows: readonly AccuracyRow[]): LabelGroup[] {
  const groups = new Map<string, AccuracyRow[]>();
  for (const row of rows) {
    const group = groups.get(row.labels);
    if (group === undefined) groups.set(row.labels, [row]);
    else group.push(row);
  }
  return [...groups].map(([labels, group]) => ({
    labels,
    rows: group,
    baseline: group.find((row) => row.isBaseline === true),
  }));
}

/**
 * The best method of the first group that has a baseline and something to compare with it; without one, the best row.
 *
 * @returns `undefined` where nothing was measured.
 */
export function keyResult(rows: readonly AccuracyRow[]): KeyResult | undefined {
  for (const { rows: group, baseline } of groupByLabels(rows)) {
    const best = highest(group.filter((row) => row !== baseline));
    if (baseline !== undefined && best !== undefined) return { best, baseline };
  }
  const best = highest(rows);
  return best === undefined ? undefined : { best, baseline: undefined };
}

/** The key result in one sentence. */
export function describeResult({ best, baseline }: KeyResult): string {
  const method = best.method.charAt(0).toUpperCase() + best.method.slice(1);
  const reached = `${method} reaches ${formatPercent(best.top1)} % top-1 with ${phraseLabels(best.labels)}`;
  if (baseline === undefined) return `${reached}.`;
  const difference = best.top1 - baseline.top1;
  const size = formatPoints(Math.abs(difference)).replace("+", "");
  if (Number(size) === 0) return `${reached}, the same as ${baseline.method}.`;
  const relation = difference > 0 ? "above" : "below";
  return `${reached}, ${size} points ${relation} ${baseline.method} (${formatPercent(baseline.top1)} %).`;
}

/** What the difference to the baseline is worth, in a sentence; nothing where there is no baseline. */
export function describeMeaning({ best, baseline }: KeyResult): string | undefined {
  if (baseline === undefined) return undefined;
  const others = "Other seeds and other labels may move it further; several runs tell.";
  if (best.againstBaseline !== undefined) {
    const { gained, lost } = best.againstBaseline;
    const { low, high } = pairedInterval(gained, lost, best.testCount);
    const range = `On the same ${formatCount(best.testCount)} test images, the 95 % interval of the difference is ${formatPoints(low)} to ${formatPoints(high)} points`;
    return low > 0 || high < 0
      ? `${range}: more than the choice of test images explains. ${others}`
      : `${range}: the choice of test images alone may explain it.`;
  }
  const [a, b] = [best, baseline].map(({ top1, testCount }) => wilsonInterval(top1, testCount));
  return a!.low > b!.high || b!.low > a!.high
    ? `Their 95 % intervals are apart: more than the choice of test images explains. ${others}`
    : "Their 95 % intervals overlap: the choice of test images may explain the difference.";
}

/** The labels as part of a sentence: "100 (10 a class)" becomes "100 labels (10 a class)". */
export function phraseLabels(labels: string): string {
  if (/label/i.test(labels)) return labels;
  const [, amount, rest = ""] = /^([^(]*[^( ])( ?\(.*)?$/s.exec(labels) ?? [];
  return amount === undefined ? `labels: ${labels}` : `${amount} labels${rest}`;
}

function highest(rows: readonly AccuracyRow[]): AccuracyRow | undefined {
  return rows.reduce<AccuracyRow | undefined>((best, row) => (best && best.top1 >= row.top1 ? best : row), undefined);
}
