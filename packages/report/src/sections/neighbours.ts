import { html, type Markup } from "../markup.js";
import type { LabelledImage, NeighbourRow, NeighbourSheet, Thumbnails } from "../report-data.js";
import { type Section, scrollable } from "./section.js";
import { tile } from "./tile.js";

/** Images, and beside each those most like it. */
export function neighboursSection(
  sheet: NeighbourSheet | undefined,
  thumbnails: Thumbnails | undefined,
): Section | undefined {
  if (sheet === undefined || thumbnails === undefined || sheet.rows.length === 0) return undefined;
  const known = sheet.rows.flatMap(({ query, neighbours }) =>
    query.label === undefined
      ? []
      : neighbours.flatMap(({ label }) => (label === undefined ? [] : [label === query.label])),
  );
  const right = known.filter((isSame) => isSame).length;
  const verdict =
    known.length > 0 && ` Of the neighbours whose class is known, ${right} of ${known.length} are of the same class.`;
  const columns = sheet.rows[0]!.neighbours.map((_, n) => html`<th scope="col">${n + 1}</th>`);
  const table = html`<table class="neighbours"><caption class="unseen">${sheet.title}</caption>
<thead><tr><th scope="col">Image</th>${columns}</tr></thead><tbody>${sheet.rows.map((row) => line(row, thumbnails))}</tbody></table>`;
  const body = html`<p class="note"><b>${sheet.title}.</b> The most alike first, with the cosine of the representations.
✓ same class, ✗ another.${verdict}</p>
${scrollable(sheet.title, table)}`;
  return { id: "neighbours", title: "Nearest neighbours", body };
}

function line({ query, neighbours }: NeighbourRow, thumbnails: Thumbnails): Markup {
  const cells = neighbours.map(
    ({ similarity, ...image }) =>
      html`<td class="${verdictClass(image, query)}">${picture(image, thumbnails)}<small>${mark(image, query)}${image.label}</small><small>${similarity.toFixed(2).replace("-", "−")}</small></td>
`,
  );
  return html`<tr><th scope="row">${picture(query, thumbnails)}<small>${query.label}</small></th>${cells}</tr>
`;
}

const picture = (image: LabelledImage, thumbnails: Thumbnails): Markup =>
  html`<span title="${image.name}">${tile(thumbnails, image.tile, image.name)}</span>`;

const isKnown = (image: LabelledImage, query: LabelledImage): boolean =>
  image.label !== undefined && query.label !== undefined;

const verdictClass = (image: LabelledImage, query: LabelledImage): string =>
  isKnown(image, query) ? (image.label === query.label ? "same" : "other") : "unknown";

const mark = (image: LabelledImage, query: LabelledImage): string =>
  isKnown(image, query) ? (image.label === query.label ? "✓ " : "✗ ") : "";
