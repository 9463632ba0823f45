import type { RawImage } from "@simclr/core";
import { imageSheet } from "../image-sheet.js";
import { html } from "../markup.js";
import type { AugmentedViews, ViewImages, ViewSheet } from "../report-data.js";
import { figure, type Section } from "./section.js";

/** Images side by side; on a phone each is then still about 55 pixels wide. */
const COLUMNS = 6;

/** Draws originals above their views as one picture, which the report can show later. */
export async function viewSheet({ original, views, caption }: ViewImages): Promise<ViewSheet | undefined> {
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
  return { png, imageCount: original.length, viewCount, caption };
}

/** Originals above their views, in one picture. */
export async function viewsSection(views: AugmentedViews): Promise<Section | undefined> {
  const sheet = "png" in views ? views : await viewSheet(views);
  if (sheet === undefined) return undefined;
  const { png, imageCount, viewCount, caption } = sheet;
  const source = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const plural = viewCount === 1 ? "view" : "views";
  const layout = `${imageCount} images; under each, ${viewCount} augmented ${plural} of it`;
  const picture = html`<img src="${source}" alt="Sheet of ${layout}.">`;
  const body = html`<div class="sheet">${figure(picture, html`<b>${layout}.</b> ${caption}`)}</div>
`;
  return { id: "views", title: "What the network sees", body };
}
