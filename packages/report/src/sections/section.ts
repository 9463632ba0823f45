import { formatNumber } from "../format.js";
import { html, type Markup, type Part } from "../markup.js";
import type { Fact } from "../report-data.js";

/** One part of the report, reached from the list at its top. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
}

/** A section under its heading. */
export function renderSection({ id, title, body }: Section): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${body}</section>
`;
}

/** A table that scrolls by itself where it is wider than the page. */
export function scrollable(label: string, table: Markup): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${table}</div>
`;
}

/** A figure and what it shows. */
export function figure(picture: Markup, caption: Part): Markup {
  return html`<figure>${picture}<figcaption>${caption}</figcaption></figure>
`;
}

/** Facts as a table of names and values. */
export function factTable(label: string, facts: readonly Fact[]): Markup {
  const rows = facts.map(
    ({ name, value }) =>
      html`<tr><th scope="row">${name}</th><td>${typeof value === "number" ? formatNumber(value) : value}</td></tr>
`,
  );
  return html`<table class="facts"><caption class="unseen">${label}</caption>
<thead class="unseen"><tr><th scope="col">Name</th><th scope="col">Value</th></tr></thead>
<tbody>${rows}</tbody></table>
`;
}
