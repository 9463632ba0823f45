import type { RawImage } from "@simclr/core";
import { imageSheet } from "../image-sheet.js";
import { html } from "../markup.js";
import type { AugmentedViews } from "../report-data.js";
import { figure, type Section } from "./section.js";

/** Images side by side; on a phone each is then still about 55 pixels wide. */
const COLUMNS = 6;

/** Originals above their views, in one picture. */
export async function viewsSection({ original, views, caption }: AugmentedViews): Promise<Section | undefined> {
  if (original.length === 0) return undefined;
  const viewCount = views[0]!.length;
  const rows: RawImage[][] = [];
  for (let start = 0; start < original.length; start += COLUMNS) {
    rows.push(original.slice(start, start + COLUMNS));
    for (let view = 0; view < viewCount; view++) {
      rows.push(views.slice(start, start + COLUMNS).map((ofImage) => ofImage[view]!));
    }
  }
  const png = await imageSheet(rows, { rowsPerGroup: viewCount + 1 });
  const source = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const plural = viewCount === 1 ? "view" : "views";
  const layout = `${original.length} images; under each, ${viewCount} augmented ${plural} of it`;
  const picture = html`<img src="${source}" alt="Sheet of ${layout}.">`;
  const body = html`<div class="sheet">${figure(picture, html`<b>${layout}.</b> ${caption}`)}</div>
`;
  return { id: "views", title: "What the network sees", body };
}
