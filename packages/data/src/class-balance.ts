import { type Dataset, UNLABELLED } from "@simclr/core";
import { classCounts } from "./subset.js";

/** A class and how many labelled images it has. */
export interface ClassCount {
  readonly name: string;
  readonly count: number;
}

/** How evenly the labels of a data set are spread over its classes. */
export interface ClassBalance {
  readonly labelled: number;
  readonly unlabelled: number;
  /** The class with the fewest images among those that have one; undefined where nothing is labelled. */
  readonly smallest: ClassCount | undefined;
  readonly largest: ClassCount | undefined;
  /** Images of the largest class for each one of the smallest, >= 1; 1 where nothing is labelled. */
  readonly ratio: number;
  /** Names of classes without an image. */
  readonly empty: readonly string[];
}

/** Counts the labelled images of each class. */
export function classBalance(dataset: Dataset): ClassBalance {
  const counts = Array.from(classCounts(dataset), (count, i): ClassCount => ({ name: dataset.classNames[i]!, count }));
  const present = counts.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count);
  const unlabelled = dataset.labels.reduce((sum, label) => sum + Number(label === UNLABELLED), 0);
  const [smallest, largest] = [present[0], present.at(-1)];
  return {
    labelled: dataset.size - unlabelled,
    unlabelled,
    smallest,
    largest,
    ratio: smallest === undefined || largest === undefined ? 1 : largest.count / smallest.count,
    empty: counts.filter(({ count }) => count === 0).map(({ name }) => name),
  };
}

/** The balance in a line: `22 labelled (2 "cat" to 20 "dog", 10.0 to 1), 7 unlabelled`. */
export function balanceWords({ labelled, unlabelled, smallest, largest, ratio, empty }: ClassBalance): string {
  const parts: string[] = [];
  if (smallest !== undefined && largest !== undefined) {
    const spread =
      ratio === 1
        ? `${count(smallest.count)} of each class`
        : `${count(smallest.count)} "${smallest.name}" to ${count(largest.count)} "${largest.name}", ${ratio.toFixed(1)} to 1`;
    parts.push(`${count(labelled)} labelled (${spread})`);
  }
  if (unlabelled > 0) parts.push(`${count(unlabelled)} unlabelled`);
  if (empty.length > 0)
    parts.push(
      `no image of ${empty.length === 1 ? `class "${empty[0]}"` : `${empty.length} classes, such as "${empty[0]}"`}`,
    );
  return parts.join(", ");
}

const count = (value: number): string => value.toLocaleString("en");
