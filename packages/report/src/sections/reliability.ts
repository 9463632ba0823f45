import { reliabilityChart } from "../figures/reliability-chart.js";
import { formatPercent } from "../format.js";
import { html } from "../markup.js";
import type { Reliability } from "../report-data.js";
import { figure, type Section } from "./section.js";

/** Whether classifiers know how sure they may be. */
export function reliabilitySection(all: readonly Reliability[] = []): Section | undefined {
  if (all.length === 0) return undefined;
  const figures = all.map((one) =>
    figure(
      reliabilityChart(one),
      html`<b>${one.title}.</b> Expected calibration error ${formatPercent(one.error)} %; ${tendency(one)}
Bars and dots: test images by the probability of their first guess; line: 95 % interval; dashed: as right as it is sure; grey: how many images.`,
    ),
  );
  const body = html`<p class="note">A calibrated network that is 80 % sure is right four times out of five.</p>
<div class="grid">${figures}</div>
`;
  return { id: "reliability", title: "Calibration", body };
}

function tendency({ bins }: Reliability): string {
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  const of = (value: (bin: Reliability["bins"][number]) => number): number =>
    bins.reduce((sum, bin) => sum + bin.count * value(bin), 0) / total;
  const [sure, right] = [of(({ confidence }) => confidence), of(({ accuracy }) => accuracy)];
  const words =
    Math.abs(sure - right) < 0.02 ? "about as sure as it is right" : sure > right ? "too sure" : "not sure enough";
  return `on the whole it is ${words} (${formatPercent(sure)} % sure, ${formatPercent(right)} % right).`;
}
