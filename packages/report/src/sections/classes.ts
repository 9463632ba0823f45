import { classChart } from "../figures/class-chart.js";
import { confusionChart } from "../figures/confusion-chart.js";
import { formatCount, formatPercent } from "../format.js";
import { html, type Markup } from "../markup.js";
import type { ClassAccuracies, ClassAccuracy, Confusion, Thumbnails } from "../report-data.js";
import { wilsonInterval } from "../wilson.js";
import { figure, type Section } from "./section.js";
import { tile } from "./tile.js";

/** Above this, a heat map's cells would be too small to see on a phone. */
const HEAT_MAP_CLASSES = 60;
const BAR_CLASSES = 30;
const LISTED_CONFUSIONS = 10;

/** The confusion matrix, the most frequent confusions and the accuracy of each class. */
export function classesSection(
  confusion: Confusion | undefined,
  perClass: ClassAccuracies | undefined,
  thumbnails?: Thumbnails,
): Section | undefined {
  const accuracies = perClass ?? (confusion && classAccuracies(confusion));
  const hasMatrix = confusion !== undefined && confusion.classNames.length > 0;
  const hasBars = accuracies !== undefined && accuracies.classes.length > 0;
  if (!hasMatrix && !hasBars) return undefined;
  const body = html`<div class="grid">${hasMatrix && heatMap(confusion)}${hasBars && bars(accuracies)}</div>
${hasMatrix && confusions(confusion)}${hasMatrix && thumbnails && examples(confusion, thumbnails)}${hasBars && classTable(accuracies)}`;
  return { id: "classes", title: "Classes", body };
}

/** The diagonal of a confusion matrix; classes without a test image are left out. */
function classAccuracies({ title, classNames, matrix }: Confusion): ClassAccuracies {
  const classes = matrix.flatMap((row, i): ClassAccuracy[] => {
    const testCount = row.reduce((sum, count) => sum + count, 0);
    return testCount === 0 ? [] : [{ className: classNames[i]!, top1: row[i]! / testCount, testCount }];
  });
  return { title, classes };
}

function heatMap(confusion: Confusion): Markup {
  const { title, classNames } = confusion;
  if (classNames.length > HEAT_MAP_CLASSES) {
    return html`<p>${title}: ${classNames.length} classes are too many for a heat map; the most frequent confusions are
listed below.</p>
`;
  }
  return figure(
    confusionChart(confusion),
    html`<b>${title}.</b> A row is a true class; the stronger a cell, the larger its share of that row.`,
  );
}

function bars({ title, classes }: ClassAccuracies): Markup {
  const hardest = [...classes].sort((a, b) => a.top1 - b.top1);
  const shown = hardest.slice(0, BAR_CLASSES);
  const which =
    shown.length < classes.length ? `The ${shown.length} hardest of ${classes.length} classes` : "Hardest first";
  return figure(classChart(shown), html`<b>${title}, by class.</b> ${which}; line: 95 % interval.`);
}

function confusions({ classNames, matrix }: Confusion): Markup {
  const pairs = matrix.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, predicted) =>
      count === 0 || truth === predicted ? [] : [{ truth, predicted, count, share: count / total }],
    );
  });
  if (pairs.length === 0)
    return html`<p>No test image was taken for another class.</p>
`;
  const rows = pairs
    .sort((a, b) => b.count - a.count)
    .slice(0, LISTED_CONFUSIONS)
    .map(
      ({ truth, predicted, count, share }) => html`<tr><td>${classNames[truth]!}</td><td>${classNames[predicted]!}</td>
<td class="number">${formatCount(count)}</td><td class="number">${formatPercent(share)}</td></tr>
`,
    );
  return html`<h3>Most frequent confusions</h3>
<table><thead><tr><th scope="col">True class</th><th scope="col">Taken for</th><th scope="col" class="number">Images</th>
<th scope="col" class="number">Of the class, %</th></tr></thead>
<tbody>${rows}</tbody></table>
`;
}

/** The images behind the worst confusions. */
function examples({ classNames, matrix, examples: worst = [] }: Confusion, thumbnails: Thumbnails): Markup | undefined {
  if (worst.length === 0) return undefined;
  const items = worst.map(({ truth, predicted, images }) => {
    const count = matrix[truth]![predicted]!;
    const which =
      images.length < count
        ? `${images.length} of ${formatCount(count)} images`
        : count === 1
          ? "1 image"
          : `all ${formatCount(count)} images`;
    return html`<li><span><b>${classNames[truth]!}</b> taken for <b>${classNames[predicted]!}</b>, ${which}</span>
<span class="tiles">${images.map((image) => html`<span title="${image.name}">${tile(thumbnails, image.tile, image.name)}</span>`)}</span></li>
`;
  });
  return html`<h3>The worst confusions as images</h3>
<ul class="confused">${items}</ul>
`;
}

function classTable({ classes }: ClassAccuracies): Markup {
  const rows = classes.map(({ className, top1, testCount }) => {
    const { low, high } = wilsonInterval(top1, testCount);
    return html`<tr><th scope="row">${className}</th><td class="number">${formatPercent(top1)}</td>
<td class="number">${formatPercent(low)} – ${formatPercent(high)}</td><td class="number">${formatCount(testCount)}</td></tr>
`;
  });
  return html`<details><summary>All ${classes.length} classes as a table</summary>
<table><thead><tr><th scope="col">Class</th><th scope="col" class="number">Accuracy, %</th>
<th scope="col" class="number">95 % interval</th><th scope="col" class="number">Test images</th></tr></thead>
<tbody>${rows}</tbody></table></details>
`;
}
