import * as Plot from "@observablehq/plot";
import { formatPercent } from "../format.js";
import type { Markup } from "../markup.js";
import { color } from "../palette.js";
import { type LabelGroup, phraseLabels } from "../summary.js";
import { wilsonInterval } from "../wilson.js";
import { drawFigure } from "./figure.js";

const ROW_PX = 40;

/** Dots with 95 % intervals on a scale from 0 to 100 %, one row a method; the dashed line is the baseline. */
export function accuracyChart({ labels, rows, baseline }: LabelGroup): Markup {
  const dots = rows.map(({ method, top1, testCount }, i) => {
    const { low, high } = wilsonInterval(top1, testCount);
    const isBaseline = rows[i] === baseline;
    return { y: i, method, top1: 100 * top1, low: 100 * low, high: 100 * high, isBaseline };
  });
  const paint = ({ isBaseline }: (typeof dots)[number]) => color(isBaseline ? "contrast" : "accent");
  const name = { y: "y", text: "method", x: 0, dy: -15, fontSize: 13, fill: color("ink") } as const;
  return drawFigure(
    {
      height: rows.length * ROW_PX + 34,
      marginLeft: 14,
      marginRight: 20,
      marginTop: 4,
      marginBottom: 30,
      x: { domain: [0, 100], ticks: [0, 25, 50, 75, 100], tickFormat: (x) => `${x} %`, label: null, tickSize: 0 },
      y: { type: "linear", domain: [-0.75, rows.length - 0.5], reverse: true, axis: null },
      marks: [
        Plot.gridX({ ticks: [0, 25, 50, 75, 100], stroke: color("line"), strokeOpacity: 1 }),
        baseline === undefined
          ? null
          : Plot.ruleX([100 * baseline.top1], { stroke: color("contrast"), strokeDasharray: "3,3" }),
        Plot.text(dots, { ...name, textAnchor: "start", lineWidth: 22, textOverflow: "ellipsis-end", ...halo }),
        Plot.text(dots, {
          ...name,
          x: 100,
          text: ({ top1 }) => `${formatPercent(top1 / 100)} %`,
          textAnchor: "end",
          fontWeight: 600,
          ...halo,
        }),
        Plot.link(dots, { x1: "low", x2: "high", y: "y", stroke: paint, strokeWidth: 13, strokeOpacity: 0.4 }),
        Plot.dot(dots, { x: "top1", y: "y", r: 3.5, fill: paint }),
      ],
    },
    `Top-1 accuracy with ${phraseLabels(labels)}: ${rows.map((row) => `${row.method} ${formatPercent(row.top1)} %`).join(", ")}.`,
  );
}

/** Keeps text readable where it crosses a line. */
const halo = { stroke: color("page"), strokeWidth: 3 } as const;
