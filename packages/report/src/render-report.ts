import { checkReport } from "./check-report.js";
import { formatTime } from "./format.js";
import { html, type Markup, trusted } from "./markup.js";
import type { ReportData } from "./report-data.js";
import { accuracySection, keyNumbers } from "./sections/accuracy.js";
import { classesSection } from "./sections/classes.js";
import { curvesSection } from "./sections/curves.js";
import { distillationSection } from "./sections/distillation.js";
import { efficiencySection } from "./sections/efficiency.js";
import { mapSection } from "./sections/map.js";
import { neighboursSection } from "./sections/neighbours.js";
import { reliabilitySection } from "./sections/reliability.js";
import { difficultySection, runSection } from "./sections/run.js";
import { renderSection, type Section } from "./sections/section.js";
import { thumbnailPicture } from "./sections/tile.js";
import { viewsSection } from "./sections/views.js";
import { STYLE } from "./style.js";
import { describeMeaning, describeResult, keyResult } from "./summary.js";

/** The page itself forbids every request and every script, whatever the texts in it hold. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A report in the pieces that it is put together of; each is one HTML element with the id of the part. */
export interface ReportParts {
  readonly title: string;
  /** From the top to the end of the page; the first is the summary. */
  readonly parts: readonly { readonly id: string; readonly html: string }[];
}

/**
 * Renders the report of a run as one HTML page that needs nothing else: no script, no file, no network.
 *
 * The answer comes first; the page adapts to phones, print and dark mode, and every text in `data` is escaped.
 *
 * @returns The HTML document; the same for the same data.
 * @throws InvalidArgumentError naming the field that cannot be drawn, such as `accuracy[2].top1`.
 */
export async function renderReport(data: ReportData): Promise<string> {
  return reportPage(await renderParts(data));
}

/**
 * Renders a report in parts, for a page that follows a run and changes only what has changed.
 *
 * @throws InvalidArgumentError as `renderReport`.
 */
export async function renderParts(data: ReportData): Promise<ReportParts> {
  checkReport(data);
  const sections = [
    accuracySection(data.accuracy),
    efficiencySection(data.labelEfficiency),
    difficultySection(data.calibration),
    data.views && (await viewsSection(data.views)),
    curvesSection(data.curves),
    mapSection(data.map, data.thumbnails),
    neighboursSection(data.neighbours, data.thumbnails),
    distillationSection(data.distillation, data.distillationFacts),
    classesSection(data.confusion, data.perClass, data.thumbnails),
    reliabilitySection(data.reliability),
    runSection(data),
  ].filter((section) => section !== undefined);
  return {
    title: data.title,
    parts: [
      { id: "summary", html: summary(data, sections).text },
      ...(data.thumbnails ? [{ id: "pictures", html: thumbnailPicture(data.thumbnails).text }] : []),
      ...sections.map((section) => ({ id: section.id, html: renderSection(section).text })),
    ],
  };
}

export interface PageOptions {
  /** Address of a script that the page runs; it may then send requests to where it came from. @defaultValue none */
  readonly script?: string;
}

/** Puts the parts of a report together as an HTML document. */
export function reportPage({ title, parts }: ReportParts, { script }: PageOptions = {}): string {
  const [head, ...rest] = parts.map((part) => trusted(part.html));
  const policy = script === undefined ? POLICY : `${POLICY}; script-src 'self'; connect-src 'self'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(STYLE)}</style>
${
  script &&
  html`<script src="${script}" defer></script>
`
}</head>
<body>
${head}<main>
${rest}</main>
</body>
</html>
`;
  return page.text;
}

function summary(data: ReportData, sections: readonly Section[]): Markup {
  const result = keyResult(data.accuracy);
  const headline = data.headline ?? (result && describeResult(result));
  const meaning = data.headline === undefined && result && describeMeaning(result);
  return html`<header id="summary">
<h1>${data.title}</h1>
<time datetime="${new Date(data.createdAt).toISOString()}">${formatTime(data.createdAt)}</time>
${data.status && html`<p class="status">${data.status}</p>`}
${headline && html`<p class="headline">${headline}</p>`}
${result && keyNumbers(result)}${
  meaning &&
  html`<p>${meaning}</p>
`
}<nav aria-label="Contents"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
`;
}
