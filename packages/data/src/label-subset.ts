import {
  checkInRange,
  checkInteger,
  DataError,
  type Dataset,
  InvalidArgumentError,
  type Random,
  UNLABELLED,
} from "@simclr/core";
import { derivedDataset } from "./derived-dataset.js";
import { fingerprintOf } from "./fingerprint.js";
import { indicesByClass } from "./subset.js";

export interface LabelSubsetOptions {
  /** Share of each class's labels to keep, in (0, 1], rounded to whole images. Either this or `perClass`. */
  readonly fraction?: number;
  /** Labels to keep in each class, >= 1. */
  readonly perClass?: number;
  /** Which images keep their labels; not advanced. */
  readonly random: Random;
}

/**
 * Keeps the labels of a few images, drawn class by class, and forgets the others. All images stay.
 *
 * With the same `random` a smaller subset is part of a larger one: the 1 % are among the 10 %.
 *
 * @param dataset - Borrowed: keep it open as long as the result is used.
 * @throws DataError if a class would be left without a label, or has fewer than `perClass`.
 * @see Chen et al. 2020, arXiv:2006.10029, section 3.1: 1 % and 10 % of the labels, class-balanced
 */
export function labelSubset(dataset: Dataset, { fraction, perClass, random }: LabelSubsetOptions): Dataset {
  if ((fraction === undefined) === (perClass === undefined))
    throw new InvalidArgumentError(
      "labelSubset: give either `fraction` or `perClass`; received " +
        `${fraction === undefined ? "neither" : "both"}.`,
      { subject: "fraction", expected: "one of fraction and perClass" },
    );
  if (fraction !== undefined) checkInRange("labelSubset", { fraction }, 0, 1);
  if (perClass !== undefined) checkInteger("labelSubset", { perClass }, 1);
  const groups = indicesByClass(dataset);
  if (groups.every((group) => group.length === 0))
    throw new DataError(`${dataset.name}: no image has a label, so no labels can be kept.`, {
      subject: dataset.name,
      expected: "labelled images",
    });
  const counts = groups.map((group) => perClass ?? Math.round(fraction! * group.length));
  checkCounts(dataset, groups, counts, fraction);

  const labels = new Int32Array(dataset.size).fill(UNLABELLED);
  for (const [label, group] of groups.entries()) {
    const order = random.fork("label-subset", dataset.classNames[label]!).permutation(group.length);
    for (const at of order.subarray(0, counts[label]!)) labels[group[at]!] = label;
  }
  return derivedDataset(dataset, {
    labels,
    classNames: dataset.classNames,
    fingerprint: fingerprintOf([dataset.fingerprint, "label-subset", labels]),
  });
}

function checkCounts(
  dataset: Dataset,
  groups: readonly Int32Array[],
  counts: readonly number[],
  fraction: number | undefined,
): void {
  for (const [label, count] of counts.entries()) {
    const available = groups[label]!.length;
    const className = dataset.classNames[label]!;
    if (count >= 1 && count <= available) continue;
    if (available === 0)
      throw new DataError(
        `labelSubset: class "${className}" of ${dataset.name} has no labelled image. Label some, or leave the class out.`,
        { subject: className, expected: "at least 1 labelled image", received: "0" },
      );
    if (fraction === undefined)
      throw new DataError(
        `labelSubset: class "${className}" of ${dataset.name} has ${available} labelled images; \`perClass\` asks for ${count}. Use at most ${Math.min(...groups.map((group) => group.length))}.`,
        { subject: className, expected: `at least ${count} labelled images`, received: String(available) },
      );
    const smallest = Math.min(...groups.filter((group) => group.length > 0).map((group) => group.length));
    throw new DataError(
      `labelSubset: label fraction ${fraction} leaves class "${className}" (${available} labelled images) without an image; use at least ${roundUp(0.5 / smallest)}, or perClass.`,
      { subject: "fraction", expected: `at least ${roundUp(0.5 / smallest)}`, received: String(fraction) },
    );
  }
}

/** Up to two significant digits. */
function roundUp(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit - 1e-9) * unit).toPrecision(2));
}
