import { formatCount, formatNumber } from "../format.js";
import { html } from "../markup.js";
import type { CalibrationCheck, ReportData } from "../report-data.js";
import { factTable, type Section, scrollable } from "./section.js";

/** How hard the data set is, each fact beside its limit. */
export function difficultySection(checks: readonly CalibrationCheck[] = []): Section | undefined {
  if (checks.length === 0) return undefined;
  const rows = checks.map(
    ({ check, value, unit, limit, passed }) => html`<tr><th scope="row">${check}</th>
<td class="number">${formatNumber(value)}${unit && ` ${unit}`}</td><td>${limit}</td>
<td class="${passed ? "passed" : "failed"}">${passed ? "✓ held" : "✗ not held"}</td></tr>
`,
  );
  const table = html`<table><caption class="unseen">Checks of the data set</caption>
<thead><tr><th scope="col">Check</th><th scope="col" class="number">Value</th>
<th scope="col">Limit</th><th scope="col">Result</th></tr></thead><tbody>${rows}</tbody></table>`;
  const failed = checks.filter(({ passed }) => !passed).length;
  const verdict =
    failed === 0 ? `All ${checks.length} checks held.` : `${failed} of ${checks.length} checks did not hold.`;
  const body = html`<p>${verdict}</p>
${scrollable("Checks of the data set", table)}`;
  return { id: "difficulty", title: "How hard the data set is", body };
}

/** What is needed to repeat the run: facts, configuration, and the images it left out. */
export function runSection({ facts, config, skipped }: ReportData): Section {
  const body = html`${facts.length > 0 && factTable("Facts of the run", facts)}
${skipped && skippedImages(skipped)}<details><summary>Configuration</summary>
<pre tabindex="0" aria-label="Configuration, YAML"><code>${config}</code></pre></details>
`;
  return { id: "run", title: "The run", body };
}

function skippedImages(skipped: readonly string[]) {
  if (skipped.length === 0)
    return html`<p>No image was skipped.</p>
`;
  const count = `${formatCount(skipped.length)} ${skipped.length === 1 ? "image was" : "images were"} skipped`;
  return html`<details class="warning"><summary>${count}</summary>
<ul>${skipped.map(
    (line) => html`<li>${line}</li>
`,
  )}</ul></details>
`;
}
