import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError } from "@simclr/core";
import { z } from "zod";
import type { LabelRows } from "./label-rows.js";
import { type Labelling, pendingImages } from "./labelling.js";

const roundSchema = z.strictObject({
  formatVersion: z.literal(1),
  source: z.string(),
  images: z.array(z.string()),
  answers: z.array(z.strictObject({ file: z.string(), label: z.string().optional() })),
  classes: z.array(z.string()),
});

/** The hidden file beside the labels that says how far a round has come. */
export const roundFile = (labels: string): string => join(dirname(labels), `.${basename(labels)}.round.json`);

export const encodeRound = (source: string, labelling: Labelling): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify({ formatVersion: 1, source, ...labelling })}\n`);

/** A round that goes on, and what the labels were before it. */
export interface ResumedRound {
  readonly labelling: Labelling;
  readonly rows: LabelRows;
}

/**
 * The round that was left, fitted to what the labels say now: they may have been edited since, and are right. Undefined if there
 * is none, it is finished, or it had another source.
 *
 * @param rows - The labels file as it is.
 * @param names - All images.
 * @param known - Labels of images as they are, by file.
 * @throws DataError if its file is damaged.
 */
export async function resumeRound(
  labels: string,
  source: string,
  rows: LabelRows,
  names: ReadonlySet<string>,
  known: ReadonlyMap<string, string>,
): Promise<ResumedRound | undefined> {
  const state = await readRound(roundFile(labels));
  if (state === undefined || state.source !== source) return undefined;
  // The labels are written last: if the program was killed in between, the last answer is not among them.
  for (const given of [state.answers, state.answers.slice(0, -1)]) {
    const before = rows.without(given);
    if (before !== undefined) return fitted(state, given, before, names, known);
  }
  return fitted(
    state,
    state.answers.filter(({ label }) => label === undefined),
    rows,
    names,
    known,
  );
}

function fitted(
  state: Labelling,
  given: Labelling["answers"],
  rows: LabelRows,
  names: ReadonlySet<string>,
  known: ReadonlyMap<string, string>,
): ResumedRound | undefined {
  const answers = given.filter(({ file, label }) => names.has(file) && (label !== undefined || !known.has(file)));
  const answered = new Set(answers.map(({ file }) => file));
  const images = state.images.filter((file) => names.has(file) && (answered.has(file) || !known.has(file)));
  const others = [...known].filter(([file]) => !answered.has(file)).map(([, label]) => label);
  const classes = [...new Set([...state.classes, ...others.toSorted()])];
  const labelling = { images, answers, classes };
  return pendingImages(labelling).length === 0 ? undefined : { labelling, rows };
}

async function readRound(file: string): Promise<z.infer<typeof roundSchema> | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new DataError(`Cannot read ${file}: ${(error as Error).message}. Make it readable, or remove it.`, {
      ...{ subject: file, cause: error },
    });
  }
  try {
    return roundSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DataError(
      `${file} is damaged, or of another version: it says how far the labelling has come. Remove it to begin a new round; the labels are not in it.`,
      { subject: file, cause },
    );
  }
}
