import { hueOf } from "../class-color.js";
import { formatPercent, formatPoints } from "../format.js";
import { html, type Markup } from "../markup.js";
import type { Fact, TeacherStudent } from "../report-data.js";
import { factTable, type Section, scrollable } from "./section.js";

/** How teachers and students agree, and where one is right and the other is not. */
export function distillationSection(
  pairs: readonly TeacherStudent[] = [],
  facts: readonly Fact[] = [],
): Section | undefined {
  if (pairs.length === 0 && facts.length === 0) return undefined;
  const body = html`${pairs.map(pairOf)}${facts.length > 0 && factTable("Distillation", facts)}`;
  return { id: "distillation", title: "Teacher and student", body };
}

function pairOf(pair: TeacherStudent): Markup {
  const { title, right, agreement } = pair;
  const kinds = [...new Set([...right, ...agreement].map(({ images }) => images))];
  const rows = kinds.map((images) => {
    const { teacher, student } = right.find((row) => row.images === images) ?? {};
    const agreed = agreement.find((row) => row.images === images)?.share;
    const difference = teacher === undefined || student === undefined ? "–" : formatPoints(student - teacher);
    return html`<tr><th scope="row">${images}</th><td class="number">${percent(teacher)}</td><td class="number">${percent(student)}</td>
<td class="number">${difference}</td><td class="number">${percent(agreed)}</td></tr>
`;
  });
  const table = html`<table><caption class="unseen">${title}: how often teacher and student are right, and agree</caption>
<thead><tr><th scope="col">Images</th><th scope="col" class="number">Teacher right, %</th><th scope="col" class="number">Student right, %</th>
<th scope="col" class="number">Points</th><th scope="col" class="number">Same answer, %</th></tr></thead><tbody>${rows}</tbody></table>`;
  return html`<h3>${title}</h3>
${outcomeBar(pair)}${scrollable(`${title}: teacher and student`, table)}`;
}

/** The test images by who is right, as one bar. */
function outcomeBar({ outcomes: { bothRight, onlyStudent, onlyTeacher, bothWrong } }: TeacherStudent): Markup {
  const parts = [
    { words: "both right", share: bothRight, hue: 2 },
    { words: "only the student right", share: onlyStudent, hue: 0 },
    { words: "only the teacher right", share: onlyTeacher, hue: 1 },
    { words: "both wrong", share: bothWrong, hue: 6 },
  ];
  const said = parts.map(({ words, share }) => `${words} ${formatPercent(share)} %`).join(", ");
  const bar = parts.map(({ share, hue }) => html`<i style="flex-grow:${share.toFixed(4)};--h:${hueOf(hue)}"></i>`);
  const legend = parts.map(
    ({
      words,
      share,
      hue,
    }) => html`<li><i class="swatch" style="--h:${hueOf(hue)}"></i>${words}: <b>${formatPercent(share)} %</b></li>
`,
  );
  return html`<div class="parts" role="img" aria-label="Test images: ${said}.">${bar}</div>
<ul class="legend">${legend}</ul>
`;
}

const percent = (value: number | undefined): string => (value === undefined ? "–" : formatPercent(value));
