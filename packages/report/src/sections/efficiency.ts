import { hueOf } from "../class-color.js";
import { type EfficiencyLine, efficiencyChart } from "../figures/efficiency-chart.js";
import { html } from "../markup.js";
import type { EfficiencyPoint } from "../report-data.js";
import { figure, type Section } from "./section.js";

/** What more labels bring; nothing where no method was measured with two numbers of labels. */
export function efficiencySection(points: readonly EfficiencyPoint[] = []): Section | undefined {
  const methods = [...new Set(points.map(({ method }) => method))];
  const lines = methods.map((method): EfficiencyLine => {
    const own = points.filter((point) => point.method === method);
    return { method, points: own.sort((a, b) => a.labelCount - b.labelCount) };
  });
  if (!lines.some(({ points: own }) => new Set(own.map(({ labelCount }) => labelCount)).size > 1)) return undefined;
  const legend = lines.map(
    ({ method }, i) => html`<li><i class="swatch" style="--h:${hueOf(i)}"></i><b>${i + 1}</b> ${method}</li>
`,
  );
  const body = html`${figure(
    efficiencyChart(lines),
    html`<b>Accuracy by number of labels.</b> Logarithmic scale; bars: 95 % intervals over test images.`,
  )}<ul class="legend" aria-label="Lines of the chart">${legend}</ul>
`;
  return { id: "label-efficiency", title: "What more labels bring", body };
}
