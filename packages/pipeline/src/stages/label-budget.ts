import { basename } from "node:path";
import { DataError, type Dataset, type Random } from "@simclr/core";
import { classCounts, keepLabels, keepListedLabels, labelledIndices, labelSubset } from "@simclr/data";
import type { LabelBudget, LabelledTrainingConfig } from "../config/schema.js";

/** A label budget applied to the training images. */
export interface LabelledSubset {
  /** Folder-safe name: `fraction-0.01`, `10-per-class`, `100-suggested`, `given`, `list-1percent`. */
  readonly tag: string;
  /** For people: "100 (10 a class)", "suggested 100 (4 to 17 a class)". */
  readonly words: string;
  readonly dataset: Dataset;
  /** Images that keep their label. */
  readonly count: number;
  /** Optimizer updates of fine-tuning and of the control; as they say themselves where undefined. */
  readonly steps: number | undefined;
}

/** Chooses images among those at `candidates`. */
export type Suggest = (count: number, candidates: Int32Array) => Promise<Int32Array>;

/**
 * @param suggest - For the budgets that `waitsForEncoder`.
 * @throws DataError if the budget leaves a class without a label, its list does not fit the images, or it asks for more labels
 *   than there are.
 */
export async function applyBudget(
  train: Dataset,
  budget: LabelBudget,
  random: Random,
  suggest?: Suggest,
): Promise<LabelledSubset> {
  const { fraction, perClass, list, count: wanted, steps } = budget;
  const tag = tagOf(budget);
  const options = { random: random.fork("labels", tag) };
  let dataset = train;
  if (fraction !== undefined) dataset = labelSubset(train, { fraction, ...options });
  else if (perClass !== undefined) dataset = labelSubset(train, { perClass, ...options });
  else if (list !== undefined) dataset = await keepListedLabels(train, list);
  else if (wanted !== undefined) dataset = await chosen(train, wanted, options.random, suggest);
  const counts = [...classCounts(dataset)];
  const count = counts.reduce((sum, each) => sum + each, 0);
  return { tag, words: choiceOf(budget) + words(count, counts), dataset, count, steps };
}

/** Whether the pretrained encoder chooses the images, so that they are known only once there is one. */
export const waitsForEncoder = ({ choose }: LabelBudget): boolean => choose === "suggested";

async function chosen(train: Dataset, count: number, random: Random, suggest: Suggest | undefined): Promise<Dataset> {
  const candidates = labelledIndices(train);
  if (count > candidates.length)
    throw new DataError(
      `labels: ${train.name} has ${candidates.length.toLocaleString("en")} labelled images; \`count\` asks for ${count.toLocaleString("en")}. Ask for fewer.`,
      { subject: "labels", expected: `at most ${candidates.length}`, received: String(count) },
    );
  if (suggest !== undefined) return keepLabels(train, await suggest(count, candidates));
  const drawn = random.permutation(candidates.length).subarray(0, count);
  return keepLabels(
    train,
    drawn.map((at) => candidates[at]!),
  );
}

/** The training block with the budget's own length, if it has one. */
export function withBudgetLength<T extends LabelledTrainingConfig>(training: T, { steps }: LabelledSubset): T {
  return steps === undefined ? training : { ...training, epochs: undefined, steps };
}

const choiceOf = ({ count, choose = "random" }: LabelBudget): string => (count === undefined ? "" : `${choose} `);

function tagOf({ fraction, perClass, list, count, choose = "random" }: LabelBudget): string {
  if (count !== undefined) return `${count}-${choose}`;
  if (fraction !== undefined) return `fraction-${fraction}`;
  if (list !== undefined)
    return `list-${basename(list)
      .replace(/\.[^.]*$/, "")
      .replace(/[^\w.-]/g, "-")}`;
  return perClass === undefined ? "given" : `${perClass}-per-class`;
}

/** "100 (10 a class)", or "53 (4 to 7 a class)". */
export function words(count: number, counts: readonly number[]): string {
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  return `${count.toLocaleString("en")} (${low === high ? low.toLocaleString("en") : `${low} to ${high}`} a class)`;
}
