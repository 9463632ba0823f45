import { type Dataset, InvalidArgumentError, UNLABELLED } from "@simclr/core";
import { derivedDataset } from "./derived-dataset.js";
import { fingerprintOf } from "./fingerprint.js";

/**
 * Keeps the labels of the images at `indices` and forgets the others. All images stay; a class may be left without a label.
 *
 * @param dataset - Borrowed: keep it open as long as the result is used.
 * @throws InvalidArgumentError if an index is not that of an image with a label.
 */
export function keepLabels(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const labels = new Int32Array(dataset.size).fill(UNLABELLED);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const label = dataset.labels[index] ?? UNLABELLED;
    if (label === UNLABELLED)
      throw new InvalidArgumentError(
        `keepLabels: \`indices\` must be those of labelled images of ${dataset.name}; received ${index} at position ${i}.`,
        { subject: "indices", expected: "indices of labelled images", received: String(index) },
      );
    labels[index] = label;
  }
  return derivedDataset(dataset, {
    labels,
    classNames: dataset.classNames,
    fingerprint: fingerprintOf([dataset.fingerprint, "keep-labels", labels]),
  });
}
