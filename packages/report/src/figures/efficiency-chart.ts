import * as Plot from "@observablehq/plot";
import { hueColor } from "../class-color.js";
import { formatCount, formatPercent, formatShort } from "../format.js";
import type { Markup } from "../markup.js";
import { color } from "../palette.js";
import type { EfficiencyPoint } from "../report-data.js";
import { wilsonInterval } from "../wilson.js";
import { drawFigure } from "./figure.js";

/** Least distance between two numbers at the ends of lines, in per cent of the scale. */
const LABEL_DISTANCE = 5;

/** One method's accuracies, by the number of labels. */
export interface EfficiencyLine {
  readonly method: string;
  /** In the order of their numbers of labels. */
  readonly points: readonly EfficiencyPoint[];
}

/** Accuracy over the number of labels, on a logarithmic scale; a line is told by the number at its end, not by its colour alone. */
export function efficiencyChart(lines: readonly EfficiencyLine[]): Markup {
  const drawn = lines.flatMap(({ points }, line) =>
    points.map(({ labelCount, top1, testCount }) => {
      const { low, high } = wilsonInterval(top1, testCount);
      return { line, labelCount, top1: 100 * top1, low: 100 * low, high: 100 * high };
    }),
  );
  const ends = spread(
    lines.map(({ points }, line) => ({ line, labelCount: points.at(-1)!.labelCount, top1: 100 * points.at(-1)!.top1 })),
  );
  const counts = [...new Set(drawn.map(({ labelCount }) => labelCount))].sort((a, b) => a - b);
  const paint = { stroke: ({ line }: { line: number }) => hueColor(line) };
  return drawFigure(
    {
      height: 300,
      marginLeft: 54,
      marginRight: 34,
      marginTop: 24,
      marginBottom: 40,
      x: {
        type: "log",
        domain: [counts[0]! / 1.15, counts.at(-1)! * 1.15],
        ticks: apart(counts),
        tickFormat: (count: number) => formatShort(count),
        label: "labels",
        labelArrow: "none",
        labelAnchor: "center",
      },
      y: {
        domain: [0, 100],
        ticks: [0, 25, 50, 75, 100],
        tickFormat: (y) => `${y} %`,
        label: "top-1",
        labelArrow: "none",
      },
      marks: [
        Plot.gridY({ ticks: [0, 25, 50, 75, 100], stroke: color("line"), strokeOpacity: 1 }),
        Plot.ruleX(drawn, { x: "labelCount", y1: "low", y2: "high", strokeOpacity: 0.5, strokeWidth: 3, ...paint }),
        Plot.line(drawn, { x: "labelCount", y: "top1", z: "line", strokeWidth: 2, ...paint }),
        Plot.dot(drawn, { x: "labelCount", y: "top1", r: 3.5, fill: color("page"), strokeWidth: 2, ...paint }),
        Plot.text(ends, {
          x: counts.at(-1)! * 1.15,
          y: "at",
          text: ({ line }) => String(line + 1),
          textAnchor: "start",
          dx: 8,
          fontWeight: 700,
          fontSize: 13,
          fill: ({ line }) => hueColor(line),
        }),
      ],
    },
    `Top-1 accuracy by number of labels. ${lines
      .map(({ method, points }) => {
        const said = points.map(({ labelCount, top1 }) => `${formatPercent(top1)} % with ${formatCount(labelCount)}`);
        return `${method}: ${said.join(", ")}`;
      })
      .join(". ")}.`,
  );
}

interface LineEnd {
  readonly line: number;
  readonly labelCount: number;
  readonly top1: number;
}

/** Where the number of each line stands: at its end, moved up or down as far as others need. */
function spread(ends: readonly LineEnd[]): (LineEnd & { at: number })[] {
  const sorted = [...ends].sort((a, b) => a.top1 - b.top1).map((end) => ({ ...end, at: end.top1 }));
  for (let i = 1; i < sorted.length; i++) sorted[i]!.at = Math.max(sorted[i]!.at, sorted[i - 1]!.at + LABEL_DISTANCE);
  const over = Math.max(0, (sorted.at(-1)?.at ?? 0) - 100);
  if (over > 0) {
    sorted.at(-1)!.at = 100;
    for (let i = sorted.length - 2; i >= 0; i--)
      sorted[i]!.at = Math.min(sorted[i]!.at, sorted[i + 1]!.at - LABEL_DISTANCE);
  }
  return sorted;
}

/** The counts that are far enough apart for their numbers to fit under the chart. */
function apart(counts: readonly number[]): number[] {
  const room = Math.log(counts.at(-1)! / counts[0]!) / 8;
  const kept: number[] = [];
  for (const count of counts) if (kept.length === 0 || Math.log(count / kept.at(-1)!) >= room) kept.push(count);
  return kept;
}
