import * as Plot from "@observablehq/plot";
import { formatCount, formatNumber, formatShort, shorten } from "../format.js";
import type { Markup } from "../markup.js";
import { color } from "../palette.js";
import type { Curve, CurvePoint } from "../report-data.js";
import { isNoisy, smooth, thin } from "../thin.js";
import { drawFigure } from "./figure.js";

/** Most points drawn of one line. */
export const POINT_LIMIT = 500;
/** From this many points on, a moving average is drawn over noisy values. */
const SMOOTH_FROM = 60;
/** Longest text above the chart that fits into it. */
const LABEL_LENGTH = 44;
/** Share of the height that the label of a level takes below it. */
const LABEL_ROOM = 0.12;
/** Room for one digit of a label, bold ones included. */
const DIGIT_PX = 7.5;

/** How many values the moving average of a curve spans; 1 where none is drawn. */
export function averageSpan(points: readonly CurvePoint[]): number {
  if (points.length < SMOOTH_FROM || !isNoisy(points)) return 1;
  return 2 * Math.max(2, Math.round(points.length / 60)) + 1;
}

/**
 * A value over the steps of a stage on linear scales. A noisy curve is drawn pale, with its moving average on top.
 *
 * @param curve - With at least one point.
 */
export function curveChart({ metric, unit, points, reference }: Curve): Markup {
  const span = averageSpan(points);
  const raw = thin(points, POINT_LIMIT);
  const line = span === 1 ? raw : thin(smooth(points, (span - 1) / 2), POINT_LIMIT);
  const first = points[0]!;
  const last = points.at(-1)!;
  const xy = { x: "step", y: "value" } as const;
  const noise = { ...xy, stroke: color("accent"), strokeOpacity: 0.3, strokeWidth: 1 };
  const direct = { fontSize: 12, stroke: color("page"), strokeWidth: 3 } as const;
  const end = line.at(-1)!;
  const levels = reference === undefined ? [] : [reference];
  const isBelow = reference !== undefined && endsAbove(points, reference.value);
  const domain = yRange(points, reference, isBelow);
  return drawFigure(
    {
      height: 230,
      marginLeft: 18 + DIGIT_PX * Math.max(4, ...domain.map((value) => formatShort(value).length)),
      marginRight: 16 + DIGIT_PX * Math.max(5, formatShort(end.value).length),
      marginTop: 26,
      marginBottom: 38,
      x: {
        label: "step",
        labelArrow: "none",
        ticks: 4,
        tickFormat: (x: number) => (Number.isInteger(x) ? formatShort(x) : ""),
        ...xRange(points),
      },
      y: {
        label: shorten(unit === undefined ? metric : `${metric} (${unit})`, LABEL_LENGTH),
        labelArrow: "none",
        ticks: 5,
        tickFormat: (y: number) => formatShort(y),
        nice: 5,
        domain,
      },
      marks: [
        Plot.gridY({ ticks: 5, stroke: color("line"), strokeOpacity: 1 }),
        Plot.ruleY(levels, { y: "value", stroke: color("contrast"), strokeDasharray: "4,3", strokeWidth: 1.5 }),
        span === 1 ? null : Plot.lineY(raw, noise),
        Plot.lineY(line, { ...xy, stroke: color("accent"), strokeWidth: 2 }),
        Plot.dot([end], { ...xy, r: 3, fill: color("accent") }),
        Plot.text(levels, {
          y: "value",
          text: ({ label, value }) => `${shorten(label, LABEL_LENGTH - 10)}: ${formatShort(value)}`,
          frameAnchor: "right",
          textAnchor: "end",
          dy: isBelow ? 10 : -8,
          fill: color("contrast"),
          ...direct,
        }),
        Plot.text([end], {
          ...xy,
          text: ({ value }) => formatShort(value),
          textAnchor: "start",
          dx: 7,
          fill: color("ink"),
          fontWeight: 600,
          ...direct,
        }),
      ],
    },
    `${metric} over ${formatCount(points.length)} points: ${formatNumber(first.value)} at step ${formatCount(first.step)}, ` +
      `${formatNumber(last.value)} at step ${formatCount(last.step)}.`,
  );
}

/** A curve of one step has no width of its own. */
function xRange(points: readonly CurvePoint[]): { domain?: [number, number] } {
  const step = points[0]!.step;
  return step === points.at(-1)!.step ? { domain: [step - 1, step + 1] } : {};
}

/** Whether the last third of a curve, over which a level's label stands, is above that level: then the label goes below it. */
function endsAbove(points: readonly CurvePoint[], level: number): boolean {
  const last = points.slice(Math.floor((2 * points.length) / 3));
  return last.reduce((sum, { value }) => sum + value - level, 0) > 0;
}

/** A flat curve has no height of its own; a tenth of its size shows that it is flat. */
function yRange(points: readonly CurvePoint[], level: Curve["reference"], isBelow: boolean): [number, number] {
  const reference = level?.value ?? points[0]!.value;
  let [low, high] = [reference, reference];
  for (const { value } of points) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const room = low === high ? 0.1 * Math.abs(low) || 1 : 0;
  const forLabel = isBelow ? Math.max(0, low + LABEL_ROOM * (high - low) - reference) : 0;
  return [low - room - forLabel, high + room];
}
