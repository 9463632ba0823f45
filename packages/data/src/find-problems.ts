import type { CheckedDataset, DatasetCheck, DuplicateGroup } from "./dataset-check.js";

/** From this ratio of the largest to the smallest class on, imbalance is worth a note. */
const NOTABLE_IMBALANCE = 5;
/** From this ratio of the largest to the median shorter side on, a few images cost more than all others. */
const NOTABLE_SIZE = 8;

/** Says in sentences what is wrong, and what is worth knowing. */
export function findProblems(
  datasets: readonly CheckedDataset[],
  duplicates: readonly DuplicateGroup[],
): Pick<DatasetCheck, "problems" | "notes"> {
  const problems: string[] = [];
  const notes: string[] = [];
  for (const { name, broken, images, classes, labelled, imbalance, sizes } of datasets) {
    if (broken.length > 0)
      problems.push(`${name}: ${count(broken.length, "image")} cannot be read; the first is ${broken[0]!.id}`);
    if (labelled > 0 && labelled < images) notes.push(`${name}: ${labelled} of ${images} images have a label`);
    if (classes.length === 1) notes.push(`${name}: there is one class only, ${classes[0]!.name}`);
    const empty = classes.filter((one) => one.images === 0);
    if (empty.length > 0)
      notes.push(
        `${name}: ${count(empty.length, "class", "classes")} without an image: ${empty.map((one) => one.name).join(", ")}`,
      );
    if (imbalance !== null && imbalance >= NOTABLE_IMBALANCE)
      notes.push(`${name}: the largest class has ${imbalance.toFixed(1)} times the images of the smallest`);
    if (sizes !== null && sizes.shorterSide.max >= NOTABLE_SIZE * sizes.shorterSide.median)
      notes.push(
        `${name}: the largest image, ${sizes.largest.id}, has ${sizes.largest.width}x${sizes.largest.height} pixels, the median shorter side is ${sizes.shorterSide.median}; maxSide shrinks such images while they are decoded`,
      );
  }
  const differ = duplicates.filter(({ labelsDiffer }) => labelsDiffer);
  if (differ.length > 0)
    problems.push(`${count(differ.length, "image")} with more than one label: ${example(differ[0]!)}`);
  const across = duplicates.filter(({ acrossDatasets }) => acrossDatasets);
  if (across.length > 0)
    problems.push(`${count(across.length, "image")} in more than one data set: ${example(across[0]!)}`);
  const others = duplicates.filter(({ labelsDiffer, acrossDatasets }) => !labelsDiffer && !acrossDatasets);
  if (others.length > 0) notes.push(`${count(others.length, "image")} more than once: ${example(others[0]!)}`);
  return { problems, notes };
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function example({ images }: DuplicateGroup): string {
  return images
    .slice(0, 3)
    .map(({ id, label }) => (label === null ? id : `${id} (${label})`))
    .join(" = ");
}
