import { accuracyChart } from "../figures/accuracy-chart.js";
import { formatCount, formatPercent, formatPoints } from "../format.js";
import { html, type Markup } from "../markup.js";
import { pairedInterval } from "../paired-interval.js";
import type { AccuracyRow } from "../report-data.js";
import { groupByLabels, type KeyResult, type LabelGroup, phraseLabels } from "../summary.js";
import { wilsonInterval } from "../wilson.js";
import { figure, type Section, scrollable } from "./section.js";

/** The key result as two or three large numbers. */
export function keyNumbers({ best, baseline }: KeyResult): Markup {
  const card = (row: AccuracyRow, className: string) => html`<div class="card ${className}">
<dt>${row.method}</dt><dd><b>${formatPercent(row.top1)} %</b> <span>95 %: ${interval(row)}</span></dd></div>
`;
  const difference =
    baseline &&
    html`<div class="card"><dt>Difference</dt>
<dd><b>${formatPoints(best.top1 - baseline.top1)}</b> <span>percentage points</span></dd></div>
`;
  return html`<dl class="cards" aria-label="Top-1 accuracy with ${phraseLabels(best.labels)}">
${card(best, "best")}${baseline && card(baseline, "baseline")}${difference}</dl>
`;
}

/** The accuracy table with intervals and differences to the baseline, and a chart for each group of labels. */
export function accuracySection(rows: readonly AccuracyRow[]): Section {
  if (rows.length === 0) {
    return {
      id: "accuracy",
      title: "Accuracy",
      body: html`<p>No accuracy was measured in this run.</p>
`,
    };
  }
  const groups = groupByLabels(rows);
  const counts = new Set(rows.map(({ testCount }) => testCount));
  const oneCount = counts.size === 1;
  const compared = groups.some(({ baseline }) => baseline !== undefined);
  const columns = 3 + Number(compared) + Number(!oneCount);
  const head = html`<tr><th scope="col">Method</th><th scope="col" class="number"><span class="whole">Top-1,</span> %</th>
<th scope="col" class="number">95 % interval</th>
${compared ? html`<th scope="col" class="number">vs. baseline, points</th>` : ""}
${oneCount ? "" : html`<th scope="col" class="number">Test images</th>`}</tr>
`;
  const body = groups.map(
    (
      group,
      g,
    ) => html`<tbody><tr class="group"><th scope="rowgroup" id="labels-${g}" colspan="${columns}">Labels: ${group.labels}</th></tr>
${group.rows.map((row) => accuracyRow(row, group, compared, !oneCount))}</tbody>
`,
  );
  const note = html`<p class="note">Top-1 accuracy${oneCount ? ` on ${formatCount(rows[0]!.testCount)} test images` : ""}.
The 95 % intervals (Wilson) cover the choice of test images; they do not cover other seeds or other labels.${
    compared
      ? " Differences are to the baseline with the same labels, in percentage points; their intervals take each test image with both answers."
      : ""
  }</p>
`;
  const table = html`<table class="accuracy"><caption class="unseen">Top-1 accuracy by labels and method</caption>
<thead>${head}</thead>${body}</table>`;
  const charts = groups.map((group) =>
    figure(
      accuracyChart(group),
      html`<b>Labels: ${group.labels}.</b> Dot: top-1; band: 95 % interval${group.baseline ? "; dashed: baseline" : ""}.`,
    ),
  );
  const title = "Accuracy";
  return {
    id: "accuracy",
    title,
    body: html`${scrollable("Accuracy table", table)}${note}<div class="grid">${charts}</div>
`,
  };
}

function accuracyRow(row: AccuracyRow, { baseline }: LabelGroup, compared: boolean, counted: boolean): Markup {
  const isBaseline = row === baseline;
  const difference = isBaseline ? "baseline" : baseline === undefined ? "–" : formatPoints(row.top1 - baseline.top1);
  const paired = !isBaseline && baseline !== undefined && row.againstBaseline;
  return html`<tr${isBaseline ? html` class="baseline"` : ""}><th scope="row">${row.method}${
    row.protocol && html`<small>${row.protocol}</small>`
  }</th><td class="number"><b>${formatPercent(row.top1)}</b></td><td class="number">${interval(row)}</td>
${compared ? html`<td class="number">${difference}${paired && html`<small>${pairedWords(paired, row.testCount)}</small>`}</td>` : ""}
${counted ? html`<td class="number">${formatCount(row.testCount)}</td>` : ""}</tr>
`;
}

function pairedWords({ gained, lost }: NonNullable<AccuracyRow["againstBaseline"]>, testCount: number): string {
  const { low, high } = pairedInterval(gained, lost, testCount);
  return `${formatPoints(low)} to ${formatPoints(high)}`;
}

function interval({ top1, testCount }: AccuracyRow): string {
  const { low, high } = wilsonInterval(top1, testCount);
  return `${formatPercent(low)} – ${formatPercent(high)}`;
}
