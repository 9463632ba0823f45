import { html, type Markup } from "../markup.js";
import type { Thumbnails } from "../report-data.js";

/** Name of the picture that all tiles are cut out of. */
const PICTURE = "thumbnails";

/** The picture with all small images, itself not shown: it is in the page once, and tiles show parts of it. */
export function thumbnailPicture({ file, mediaType, tilePx, columns, count }: Thumbnails): Markup {
  const [width, height] = [columns * tilePx, Math.ceil(count / columns) * tilePx];
  const source = `data:${mediaType};base64,${Buffer.from(file).toString("base64")}`;
  return html`<svg id="pictures" class="store" width="0" height="0" aria-hidden="true"><defs><image id="${PICTURE}" width="${width}" height="${height}" href="${source}"/></defs></svg>
`;
}

/**
 * One small image.
 *
 * @param label - What a reader who cannot see it is told; one that is told by the text beside it takes none.
 */
export function tile({ tilePx, columns }: Thumbnails, index: number, label?: string): Markup {
  const box = `${(index % columns) * tilePx} ${Math.floor(index / columns) * tilePx} ${tilePx} ${tilePx}`;
  const name = label === undefined ? html`aria-hidden="true"` : html`role="img" aria-label="${label}"`;
  return html`<svg class="tile" viewBox="${box}" ${name}><use href="#${PICTURE}"/></svg>`;
}
