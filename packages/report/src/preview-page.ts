import { InvalidArgumentError, type RawImage } from "@simclr/core";
import { formatNumber } from "./format.js";
import { imageSheet } from "./image-sheet.js";
import { html, type Markup } from "./markup.js";
import { reportPage } from "./render-report.js";
import type { Fact } from "./report-data.js";
import { factTable, renderSection } from "./sections/section.js";

/** An image beside its augmented views. */
export interface PreviewRow {
  /** Name of the image. */
  readonly name: string;
  /** Of 1 (grey), 3 (RGB) or 4 (RGBA) channels. */
  readonly original: RawImage;
  readonly views: readonly PreviewedView[];
}

export interface PreviewedView {
  readonly image: RawImage;
  /** What each step drew for it, in their order. */
  readonly steps: readonly PreviewedStep[];
}

export interface PreviewedStep {
  readonly step: string;
  /** Such as `{ applied: true, degrees: -12.5 }`. */
  readonly parameters: Readonly<Record<string, number | boolean | string | readonly (number | string)[]>>;
}

export interface PreviewPageData {
  readonly title: string;
  /** What the views were made by: the recipe, the size, the seed. */
  readonly facts: readonly Fact[];
  readonly rows: readonly PreviewRow[];
}

/** Edge of a picture at most, in pixels; the page shows smaller ones as large. */
const MOST_PX = 160;

/**
 * Renders images and augmented views of them as one HTML page, with what was drawn for every view. It needs nothing else,
 * as the report of a run.
 *
 * @throws InvalidArgumentError if there is no row, or an image whose data do not fit its shape.
 */
export async function previewPage({ title, facts, rows }: PreviewPageData): Promise<string> {
  if (rows.length === 0)
    throw new InvalidArgumentError("previewPage: `rows` must hold at least one image; received none. Pass a few.", {
      subject: "rows",
      expected: "at least one image",
      received: "none",
    });
  const header = html`<header id="summary">
<h1>${title}</h1>
${factTable("What the views were made by", facts)}</header>
`;
  const sections = await Promise.all(
    rows.map(async ({ name, original, views }, i) => {
      const figures = [
        await figure(original, `${name}, as it is`, html`<b>original</b>, ${original.width}×${original.height}`),
      ];
      for (const [k, { image, steps }] of views.entries())
        figures.push(await figure(image, `View ${k + 1} of ${name}`, html`<b>view ${k + 1}</b>${stepList(steps)}`));
      const body = html`<div class="previews">${figures}</div>
`;
      return { id: `image-${i + 1}`, title: name, body };
    }),
  );
  const parts = sections.map((section) => ({ id: section.id, html: renderSection(section).text }));
  return reportPage({ title, parts: [{ id: "summary", html: header.text }, ...parts] });
}

async function figure(image: RawImage, alt: string, caption: Markup): Promise<Markup> {
  const tilePx = Math.min(MOST_PX, Math.max(image.width, image.height));
  const png = await imageSheet([[image]], { tilePx });
  const source = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  return html`<figure><img src="${source}" alt="${alt}" width="${tilePx}" height="${tilePx}"><figcaption>${caption}</figcaption></figure>
`;
}

function stepList(steps: readonly PreviewedStep[]): Markup {
  const items = steps.map(({ step, parameters }) => {
    const { applied = true, ...drawn } = parameters;
    if (applied === false) return html`<li>no ${step}</li>`;
    const words = Object.entries(drawn).map(([name, value]) => `${name} ${valueWords(value)}`);
    return html`<li class="drawn">${step}${words.length > 0 && `: ${words.join(", ")}`}</li>`;
  });
  return html`<ul>${items}</ul>`;
}

function valueWords(value: PreviewedStep["parameters"][string]): string {
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "object") return `(${value.map((one) => valueWords(one)).join(", ")})`;
  return String(value);
}
