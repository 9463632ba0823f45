import { type Dataset, InvalidArgumentError, UNLABELLED } from "@simclr/core";
import { derivedDataset } from "./derived-dataset.js";
import { fingerprintOf } from "./fingerprint.js";

/**
 * The images at `indices`, in that order; an index may come twice.
 *
 * @param dataset - Borrowed: keep it open as long as the subset is used.
 * @throws InvalidArgumentError if an index is not that of an image.
 */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (Number.isInteger(index) && index >= 0 && index < dataset.size) continue;
    throw new InvalidArgumentError(
      `subset: \`indices\` must be integers in [0, ${dataset.size}); received ${index} at position ${i}.`,
      { subject: "indices", expected: `integers in [0, ${dataset.size})`, received: String(index) },
    );
  }
  const chosen = Int32Array.from(indices);
  return derivedDataset(dataset, {
    indices: chosen,
    labels: chosen.map((index) => dataset.labels[index]!),
    classNames: dataset.classNames,
    fingerprint: fingerprintOf([dataset.fingerprint, "subset", chosen]),
  });
}

/** The same images, none of them labelled. Borrows `dataset`. */
export function withoutLabels(dataset: Dataset): Dataset {
  return derivedDataset(dataset, {
    labels: new Int32Array(dataset.size).fill(UNLABELLED),
    classNames: [],
    fingerprint: fingerprintOf([dataset.fingerprint, "without-labels"]),
  });
}

/** Indices of the images that have a label, ascending. */
export function labelledIndices(dataset: Dataset): Int32Array {
  return Int32Array.from(dataset.labels.keys()).filter((i) => dataset.labels[i] !== UNLABELLED);
}

/** How many labelled images each class has, in the order of `classNames`. */
export function classCounts(dataset: Dataset): Int32Array {
  const counts = new Int32Array(dataset.classNames.length);
  for (const label of dataset.labels) if (label !== UNLABELLED) counts[label] = counts[label]! + 1;
  return counts;
}

/** Indices of the labelled images of each class, ascending. */
export function indicesByClass(dataset: Dataset): Int32Array[] {
  const counts = classCounts(dataset);
  const groups = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (const [index, label] of dataset.labels.entries()) {
    if (label === UNLABELLED) continue;
    const at = counts[label]!;
    groups[label]![at] = index;
    counts[label] = at + 1;
  }
  return groups;
}
