import { csv } from "../csv.js";
import type { LabelAnswer } from "./labelling.js";

/** Rows of labels for a file that may have begun otherwise: nothing that stands in it is changed. */
export class LabelRows {
  /** What the file holds before the rows of this round. */
  readonly base: string;
  readonly #isLabelFirst: boolean;

  /** @param text - A valid `labels.csv`. */
  constructor(text: string) {
    this.base = text.endsWith("\n") ? text : `${text}\n`;
    this.#isLabelFirst = /^\uFEFF?\s*"?label/.test(text);
  }

  /** A new file with the labels that images have already. */
  static of(labels: ReadonlyMap<string, string>): LabelRows {
    return new LabelRows(csv([["file", "label"], ...labels]));
  }

  /** The whole file with the rows of the answers. */
  withAnswers(answers: readonly LabelAnswer[]): string {
    return this.base + this.#rows(answers);
  }

  /** The file before the rows of these answers, if it ends with them; else undefined. */
  without(answers: readonly LabelAnswer[]): LabelRows | undefined {
    const rows = this.#rows(answers);
    return this.base.endsWith(`\n${rows}`)
      ? new LabelRows(this.base.slice(0, this.base.length - rows.length))
      : undefined;
  }

  #rows(answers: readonly LabelAnswer[]): string {
    const rows = answers.flatMap(({ file, label }) => (label === undefined ? [] : [[file, label]]));
    return csv(this.#isLabelFirst ? rows.map(([file, label]) => [label!, file!]) : rows);
  }
}
