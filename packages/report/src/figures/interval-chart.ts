import * as Plot from "@observablehq/plot";
import { color } from "../palette.js";
import { drawFigure } from "./figure.js";

/** A value with its interval, in percent. */
export interface IntervalRow {
  readonly name: string;
  /** Rows of one group stand together under its name. */
  readonly group: string;
  readonly value: number;
  /** Undefined where there was one run only. */
  readonly low: number | undefined;
  readonly high: number | undefined;
}

const ROW_PX = 22;

/**
 * Values with their intervals as dots on a common scale of percent, one row each, in groups: an SVG that stands on its own, in
 * light and dark pages alike.
 *
 * @param label - What is measured, such as "top-1 on test images".
 */
export function intervalChart(rows: readonly IntervalRow[], label: string): string {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const lines = groups.flatMap((group) => [
    { group, name: group, isHead: true as const },
    ...rows.filter((row) => row.group === group).map((row) => ({ ...row, isHead: false as const })),
  ]);
  const placed = lines.map((line, y) => ({ ...line, y }));
  const heads = placed.filter(({ isHead }) => isHead);
  const values = placed.flatMap((line) => (line.isHead ? [] : [line]));
  const least = Math.min(...values.map(({ value, low = value }) => low));
  const most = Math.max(...values.map(({ value, high = value }) => high));
  const domain = [Math.floor(least / 10) * 10, Math.ceil(most / 10) * 10];
  const intervals = values.filter(({ low }) => low !== undefined);
  const text = { y: "y", frameAnchor: "left", textAnchor: "start", fill: color("ink") } as const;
  const svg = drawFigure(
    {
      height: lines.length * ROW_PX + 46,
      marginLeft: 196,
      marginRight: 44,
      marginTop: 4,
      marginBottom: 40,
      x: { domain, tickFormat: (x) => `${x} %`, label, labelAnchor: "center", tickSize: 0, ticks: 5 },
      y: { type: "linear", domain: [-0.6, lines.length - 0.4], reverse: true, axis: null },
      marks: [
        Plot.gridX({ stroke: color("line"), strokeOpacity: 1, ticks: 5 }),
        Plot.text(heads, { ...text, dx: -196, text: "name", fontWeight: 600 }),
        Plot.text(values, { ...text, dx: -188, text: "name", lineWidth: 18, textOverflow: "ellipsis-end" }),
        Plot.link(intervals, {
          x1: "low",
          x2: "high",
          y: "y",
          stroke: color("accent"),
          strokeWidth: 9,
          strokeOpacity: 0.35,
        }),
        Plot.dot(values, { x: "value", y: "y", r: 3.5, fill: color("accent") }),
        Plot.text(values, {
          y: "y",
          frameAnchor: "right",
          textAnchor: "start",
          dx: 6,
          fill: color("ink"),
          text: ({ value }) => value.toFixed(1),
        }),
      ],
    },
    `${label}: ${values.map(({ group, name, value }) => `${group}, ${name} ${value.toFixed(1)} %`).join("; ")}.`,
  );
  return svg.text;
}
