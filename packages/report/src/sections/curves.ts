import { averageSpan, curveChart, POINT_LIMIT } from "../figures/curve-chart.js";
import { formatCount, formatNumber } from "../format.js";
import { html, type Markup } from "../markup.js";
import type { Curve } from "../report-data.js";
import { figure, type Section } from "./section.js";

/** The curves of each stage, or nothing where there are none. */
export function curvesSection(curves: readonly Curve[]): Section | undefined {
  if (curves.length === 0) return undefined;
  const stages = [...new Set(curves.map(({ stage }) => stage))];
  const byStage = stages.flatMap((stage) => curves.filter((curve) => curve.stage === stage));
  return {
    id: "curves",
    title: "Training",
    body: html`<div class="grid">${byStage.map(drawn)}</div>
`,
  };
}

function drawn(curve: Curve): Markup {
  const { stage, metric, points, best = "lowest" } = curve;
  const last = points.at(-1);
  if (last === undefined)
    return html`<p>${stage}, ${metric}: no value was recorded.</p>
`;
  const sign = best === "lowest" ? 1 : -1;
  const found = points.reduce((least, point) => (sign * point.value < sign * least.value ? point : least));
  const span = averageSpan(points);
  return figure(
    curveChart(curve),
    html`<b>${stage}: ${metric}.</b> First ${formatNumber(points[0]!.value)}, last ${formatNumber(last.value)},
${best} ${formatNumber(found.value)} at step ${formatCount(found.step)}.${
      span > 1 ? ` Pale: each value; line and its last number: moving average over ${span} values.` : ""
    }${points.length > POINT_LIMIT ? ` Thinned from ${formatCount(points.length)} values, extremes kept.` : ""}`,
  );
}
