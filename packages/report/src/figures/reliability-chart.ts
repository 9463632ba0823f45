import * as Plot from "@observablehq/plot";
import { formatCount, formatPercent } from "../format.js";
import type { Markup } from "../markup.js";
import { color } from "../palette.js";
import type { Reliability } from "../report-data.js";
import { wilsonInterval } from "../wilson.js";
import { drawFigure } from "./figure.js";

/** Height of the histogram below the diagram, in its units. */
const HISTOGRAM = 24;

/** A reliability diagram: accuracy over confidence, with 95 % intervals, the diagonal, and below it how many images each bin holds. */
export function reliabilityChart({ title, bins, error }: Reliability): Markup {
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  const largest = Math.max(1, ...bins.map(({ count }) => count));
  const filled = bins
    .filter(({ count }) => count > 0)
    .map(({ low, high, count, confidence, accuracy }) => {
      const interval = wilsonInterval(accuracy, count);
      return {
        ...{ x1: 100 * low, x2: 100 * high, confidence: 100 * confidence, accuracy: 100 * accuracy },
        ...{ from: 100 * interval.low, to: 100 * interval.high, bar: (HISTOGRAM * count) / largest - HISTOGRAM - 4 },
      };
    });
  const ticks = [0, 25, 50, 75, 100];
  return drawFigure(
    {
      height: 400,
      marginLeft: 54,
      marginRight: 26,
      marginTop: 24,
      marginBottom: 40,
      x: {
        domain: [0, 100],
        ticks,
        tickFormat: (x) => `${x} %`,
        label: "how sure it is",
        labelArrow: "none",
        labelAnchor: "center",
      },
      y: {
        domain: [-HISTOGRAM - 4, 100],
        ticks,
        tickFormat: (y) => `${y} %`,
        label: "how often it is right",
        labelArrow: "none",
      },
      marks: [
        Plot.gridY({ ticks, stroke: color("line"), strokeOpacity: 1 }),
        Plot.rect(filled, {
          x1: "x1",
          x2: "x2",
          y1: -HISTOGRAM - 4,
          y2: "bar",
          fill: color("muted"),
          fillOpacity: 0.45,
          inset: 0.5,
        }),
        Plot.rect(filled, {
          x1: "x1",
          x2: "x2",
          y1: 0,
          y2: "accuracy",
          fill: color("accent"),
          fillOpacity: 0.35,
          inset: 0.5,
        }),
        Plot.line(
          [
            [0, 0],
            [100, 100],
          ],
          { stroke: color("contrast"), strokeDasharray: "4,3", strokeWidth: 1.5 },
        ),
        Plot.ruleX(filled, { x: "confidence", y1: "from", y2: "to", stroke: color("ink"), strokeWidth: 1.2 }),
        Plot.dot(filled, { x: "confidence", y: "accuracy", r: 3.5, fill: color("accent") }),
      ],
    },
    `Reliability of ${title}: expected calibration error ${formatPercent(error)} % over ${formatCount(total)} images; ` +
      `${filled.map(({ confidence, accuracy }) => `${confidence.toFixed(0)} % sure, ${accuracy.toFixed(0)} % right`).join("; ")}.`,
  );
}
