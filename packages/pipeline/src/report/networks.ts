import type { ConfusedImages, Confusion, Reliability } from "@simclr/report";
import type { RunImages } from "../images.js";
import type { MeasuredRow } from "../results.js";
import type { ShownImages } from "./shown-images.js";

/** Confusions whose images are shown, and images of each. */
const CONFUSIONS = 6;
const IMAGES = 6;

/** The best distilled student, or else the best fine-tuned network. */
export function bestNetwork(rows: readonly MeasuredRow[]): MeasuredRow | undefined {
  const trained = rows.filter(({ method }) => /^(distilled|fine-tuned)/.test(method));
  return [...trained].sort((a, b) => b.top1 - a.top1)[0];
}

/** What a network takes for what, with images of its worst confusions: those of which it is surest. */
export function confusionOf(row: MeasuredRow, { test, classNames }: RunImages, shown: ShownImages): Confusion {
  const matrix = classNames.map(() => classNames.map(() => 0));
  const confused = new Map<string, number[]>();
  for (const [index, predicted] of row.predictions.entries()) {
    const truth = test.labels[index]!;
    matrix[truth]![predicted]! += 1;
    if (truth === predicted) continue;
    const key = `${truth} ${predicted}`;
    confused.set(key, [...(confused.get(key) ?? []), index]);
  }
  const sureness = (index: number): number => row.confidences?.[index] ?? 0;
  const examples = [...confused]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, CONFUSIONS)
    .map(([key, indices]): ConfusedImages => {
      const [truth, predicted] = key.split(" ").map(Number);
      const surest = indices.sort((a, b) => sureness(b) - sureness(a)).slice(0, IMAGES);
      return { truth: truth!, predicted: predicted!, images: surest.map((index) => shown.show("test", index)) };
    });
  return { title: `${row.method}, ${row.labels} labels`, classNames, matrix, examples };
}

/** Of the best network, and of the fine-tuned one with the same labels. */
export function reliabilitiesOf(rows: readonly MeasuredRow[], best: MeasuredRow): Reliability[] {
  const teacher = rows.find(({ method, labels }) => method === "fine-tuned" && labels === best.labels);
  const shown = teacher === undefined || teacher === best ? [best] : [best, teacher];
  return shown.flatMap(({ method, labels, reliability }) =>
    reliability === undefined ? [] : [{ title: `${method}, ${labels} labels`, ...reliability }],
  );
}
