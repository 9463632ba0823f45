import * as Plot from "@observablehq/plot";
import { formatCount, shorten } from "../format.js";
import type { Markup } from "../markup.js";
import { cellInk, color } from "../palette.js";
import type { Confusion } from "../report-data.js";
import { drawFigure, FIGURE_WIDTH } from "./figure.js";

/** Up to so many classes the counts are written into the cells. */
const NUMBERED_CLASSES = 12;
const NAME_LENGTH = 12;

/** Heat map of a confusion matrix; a cell is as opaque as its share of the true class. Classes are told by index. */
export function confusionChart({ classNames, matrix }: Confusion): Markup {
  const size = classNames.length;
  const numbered = size <= NUMBERED_CLASSES;
  const fontSize = numbered ? 12 : Math.max(5, Math.min(11, 270 / size));
  const longest = Math.max(...classNames.map((name) => [...name].length));
  const margin = Math.max(54, 30 + 0.62 * fontSize * Math.min(NAME_LENGTH, longest)); // "true ↓" has room
  const cells = matrix.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => ({ truth, predicted, count, share: total === 0 ? 0 : count / total }));
  });
  const indices = classNames.map((_, i) => i);
  const axis = { domain: indices, tickFormat: (i: number) => shorten(classNames[i]!, NAME_LENGTH), tickSize: 0 };
  const at = { x: "predicted", y: "truth" } as const;
  const right = cells.reduce((sum, { truth, predicted, count }) => sum + (truth === predicted ? count : 0), 0);
  const total = cells.reduce((sum, { count }) => sum + count, 0);
  return drawFigure(
    {
      height: FIGURE_WIDTH,
      marginLeft: margin,
      marginTop: margin,
      marginRight: 4,
      marginBottom: 4,
      x: { ...axis, axis: null, padding: numbered ? 0.06 : 0 },
      y: { ...axis, axis: null, padding: numbered ? 0.06 : 0 },
      marks: [
        Plot.axisX({ ...axis, anchor: "top", tickRotate: -90, label: null, fontSize }),
        Plot.axisY({ ...axis, label: null, fontSize }),
        Plot.text(["predicted →"], {
          frameAnchor: "top-left",
          dy: -margin + 8,
          textAnchor: "start",
          fontStyle: "italic",
        }),
        Plot.text(["true ↓"], { frameAnchor: "top-left", dx: -8, dy: -10, textAnchor: "end", fontStyle: "italic" }),
        Plot.cell(cells, { ...at, fill: color("accent"), fillOpacity: { value: "share", scale: null } }),
        Plot.frame({ stroke: color("line") }),
        numbered
          ? Plot.text(
              cells.filter(({ count }) => count > 0),
              {
                ...at,
                text: ({ count }) => formatCount(count),
                fill: ({ share }) => color(cellInk(share)),
                fontSize: size > 8 ? 9 : 11,
              },
            )
          : null,
      ],
    },
    `Confusion matrix of ${size} classes: ${formatCount(right)} of ${formatCount(total)} images are on the diagonal, ` +
      "where the predicted class is the true one.",
  );
}
