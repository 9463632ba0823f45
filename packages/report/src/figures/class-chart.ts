import * as Plot from "@observablehq/plot";
import { formatPercent, shorten } from "../format.js";
import type { Markup } from "../markup.js";
import { color } from "../palette.js";
import type { ClassAccuracy } from "../report-data.js";
import { wilsonInterval } from "../wilson.js";
import { drawFigure } from "./figure.js";

const ROW_PX = 24;
const NAME_LENGTH = 16;

/** One bar a class from 0 to 100 %, with its 95 % interval, in the order given. */
export function classChart(classes: readonly ClassAccuracy[]): Markup {
  const bars = classes.map(({ top1, testCount }, i) => {
    const { low, high } = wilsonInterval(top1, testCount);
    return { y: i, top1: 100 * top1, low: 100 * low, high: 100 * high };
  });
  const longest = Math.max(...classes.map(({ className }) => [...className].length));
  return drawFigure(
    {
      height: classes.length * ROW_PX + 30,
      marginLeft: 14 + 7.4 * Math.min(NAME_LENGTH, longest),
      marginRight: 52,
      marginTop: 2,
      marginBottom: 28,
      x: { domain: [0, 100], ticks: [0, 25, 50, 75, 100], tickFormat: (x) => `${x} %`, label: null, tickSize: 0 },
      y: { domain: classes.map((_, i) => i), padding: 0.3, axis: null },
      marks: [
        Plot.gridX({ ticks: [0, 25, 50, 75, 100], stroke: color("line"), strokeOpacity: 1 }),
        Plot.axisY({
          tickFormat: (i: number) => shorten(classes[i]!.className, NAME_LENGTH),
          tickSize: 0,
          label: null,
          fontSize: 12,
        }),
        Plot.barX(bars, { x: "top1", y: "y", fill: color("accent"), fillOpacity: 0.55 }),
        Plot.ruleY(bars, { x1: "low", x2: "high", y: "y", stroke: color("ink"), strokeWidth: 1.5 }),
        Plot.text(bars, {
          y: "y",
          text: ({ top1 }) => `${formatPercent(top1 / 100)} %`,
          frameAnchor: "right",
          textAnchor: "start",
          dx: 8,
          fill: color("ink"),
        }),
      ],
    },
    `Accuracy by class: ${classes.map(({ className, top1 }) => `${className} ${formatPercent(top1)} %`).join(", ")}.`,
  );
}
