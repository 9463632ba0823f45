import { checkReport } from "./check-report.js";
import { formatTime } from "./format.js";
import { html, trusted } from "./markup.js";
import type { ReportData } from "./report-data.js";
import { accuracySection, keyNumbers } from "./sections/accuracy.js";
import { classesSection } from "./sections/classes.js";
import { curvesSection } from "./sections/curves.js";
import { calibrationSection, distillationSection, runSection } from "./sections/run.js";
import { renderSection } from "./sections/section.js";
import { viewsSection } from "./sections/views.js";
import { STYLE } from "./style.js";
import { describeResult, keyResult } from "./summary.js";

/** The page itself forbids every request and every script, whatever the texts in it hold. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * Renders the report of a run as one HTML page that needs nothing else: no script, no file, no network.
 *
 * The answer comes first; the page adapts to phones, print and dark mode, and every text in `data` is escaped.
 *
 * @returns The HTML document; the same for the same data.
 * @throws InvalidArgumentError naming the field that cannot be drawn, such as `accuracy[2].top1`.
 */
export async function renderReport(data: ReportData): Promise<string> {
  checkReport(data);
  const result = keyResult(data.accuracy);
  const headline = data.headline ?? (result && describeResult(result));
  const sections = [
    accuracySection(data.accuracy),
    calibrationSection(data.calibration),
    data.views && (await viewsSection(data.views)),
    curvesSection(data.curves),
    distillationSection(data.distillation),
    classesSection(data.confusion, data.perClass),
    runSection(data),
  ].filter((section) => section !== undefined);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${data.title}</title>
<link rel="icon" href="data:,">
<style>${trusted(STYLE)}</style>
</head>
<body>
<header>
<h1>${data.title}</h1>
<time datetime="${new Date(data.createdAt).toISOString()}">${formatTime(data.createdAt)}</time>
${headline && html`<p class="headline">${headline}</p>`}
${result && keyNumbers(result)}
<nav aria-label="Contents"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main>
${sections.map(renderSection)}</main>
</body>
</html>
`;
  return page.text;
}
