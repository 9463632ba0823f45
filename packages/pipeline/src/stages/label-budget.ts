import { basename } from "node:path";
import type { Dataset, Random } from "@simclr/core";
import { classCounts, keepListedLabels, labelSubset } from "@simclr/data";
import type { LabelBudget, LabelledTrainingConfig } from "../config/schema.js";

/** A label budget applied to the training images. */
export interface LabelledSubset {
  /** Folder-safe name: `fraction-0.01`, `10-per-class`, `given`, `list-1percent`. */
  readonly tag: string;
  /** For people: "100 (10 a class)". */
  readonly words: string;
  readonly dataset: Dataset;
  /** Images that keep their label. */
  readonly count: number;
  /** Optimizer updates of fine-tuning and of the control; as they say themselves where undefined. */
  readonly steps: number | undefined;
}

/** @throws DataError if the budget leaves a class without a label, or its list does not fit the images. */
export async function applyBudget(train: Dataset, budget: LabelBudget, random: Random): Promise<LabelledSubset> {
  const { fraction, perClass, list, steps } = budget;
  const tag = tagOf(budget);
  const options = { random: random.fork("labels", tag) };
  let dataset = train;
  if (fraction !== undefined) dataset = labelSubset(train, { fraction, ...options });
  else if (perClass !== undefined) dataset = labelSubset(train, { perClass, ...options });
  else if (list !== undefined) dataset = await keepListedLabels(train, list);
  const counts = [...classCounts(dataset)];
  const count = counts.reduce((sum, each) => sum + each, 0);
  return { tag, words: words(count, counts), dataset, count, steps };
}

/** The training block with the budget's own length, if it has one. */
export function withBudgetLength<T extends LabelledTrainingConfig>(training: T, { steps }: LabelledSubset): T {
  return steps === undefined ? training : { ...training, epochs: undefined, steps };
}

function tagOf({ fraction, perClass, list }: LabelBudget): string {
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
