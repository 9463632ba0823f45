import { hueOf } from "../class-color.js";
import { formatCount } from "../format.js";
import { html, type Markup } from "../markup.js";
import type { EmbeddingMap, MapPoint, Thumbnails } from "../report-data.js";
import type { Section } from "./section.js";
import { tile } from "./tile.js";

/** Edge of an image on the map, as a share of the map's width. */
const IMAGE_SHARE = 0.07;
/** Room at the edges of the map, as a share of its width. */
const MARGIN = 0.05;
/** Classes are named on the map and below it while there are so few. */
const NAMED_CLASSES = 40;

/**
 * The embedding map: images where there is room for them, dots elsewhere. Points are radio buttons, so that the map is one stop on the
 * way of the tabulator key, arrow keys walk through it, and a tap shows an image, all without a script.
 */
export function mapSection(map: EmbeddingMap | undefined, thumbnails: Thumbnails | undefined): Section | undefined {
  if (map === undefined || thumbnails === undefined || map.points.length === 0) return undefined;
  const shown = withRoom(map.points);
  const { classNames, points } = map;
  const isNamed = classNames.length <= NAMED_CLASSES;
  const dots = points.map((point, i) => dot(point, classNames, thumbnails, shown.has(i)));
  const body = html`<p class="note"><b>${map.title}.</b> Near images look alike to the network; distances between groups, and the axes,
mean nothing. Point at a dot, tap it, or go through them with the arrow keys to see its image.</p>
<div class="map" role="radiogroup" aria-label="${map.title}: ${formatCount(points.length)} images, chosen with the arrow keys">
${dots}${isNamed && classLabels(map)}</div>
${isNamed && legend(map)}`;
  return { id: "map", title: "What looks alike to the network", body };
}

function dot(
  { x, y, label, tile: index, name }: MapPoint,
  classNames: readonly string[],
  thumbnails: Thumbnails,
  isImage: boolean,
): Markup {
  const side = `${x < 0.5 ? "right" : "left"} ${y < 0.5 ? "below" : "above"}`;
  return html`<label class="${isImage ? "image " : ""}${side}" style="left:${place(x)};top:${place(y)};--h:${hueOf(label)}"><input type="radio" name="map">${tile(thumbnails, index)}<span>${classNames[label]!}: ${name}</span></label>
`;
}

/** The points whose images do not cover one another, taken in their order. */
function withRoom(points: readonly MapPoint[]): ReadonlySet<number> {
  const reach = IMAGE_SHARE / (1 - 2 * MARGIN);
  const chosen: number[] = [];
  for (const [i, { x, y }] of points.entries()) {
    const isFree = chosen.every((j) => Math.abs(points[j]!.x - x) > reach || Math.abs(points[j]!.y - y) > reach);
    if (isFree) chosen.push(i);
  }
  return new Set(chosen);
}

/** The name of each class in the middle of its points: at the median, which strays do not move. */
function classLabels({ classNames, points }: EmbeddingMap): Markup {
  const names = classNames.map((name, k) => {
    const own = points.filter(({ label }) => label === k);
    if (own.length === 0) return undefined;
    return html`<b class="class" aria-hidden="true" style="left:${place(median(own.map(({ x }) => x)))};top:${place(median(own.map(({ y }) => y)))};--h:${hueOf(k)}">${name}</b>
`;
  });
  return html`${names}`;
}

function legend({ classNames, points }: EmbeddingMap): Markup {
  const entries = classNames.map((name, k) => {
    const count = points.filter(({ label }) => label === k).length;
    return (
      count > 0 &&
      html`<li><i class="swatch" style="--h:${hueOf(k)}"></i>${name} (${formatCount(count)})</li>
`
    );
  });
  return html`<ul class="legend" aria-label="Classes and their images on the map">${entries}</ul>
`;
}

const place = (share: number): string => `${(100 * (MARGIN + (1 - 2 * MARGIN) * share)).toFixed(2)}%`;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
