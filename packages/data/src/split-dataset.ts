import { type Dataset, InvalidArgumentError, type Random, UNLABELLED } from "@simclr/core";
import { indicesByClass, subset } from "./subset.js";

export interface SplitOptions {
  /** Share of the images that goes to `test`, in (0, 1). */
  readonly testFraction: number;
  /** Which images; not advanced. */
  readonly random: Random;
}

export interface Split {
  readonly train: Dataset;
  readonly test: Dataset;
}

/**
 * Holds some images apart, class by class, so that both parts have the same mixture; the unlabelled images are
 * split like a class of their own. A class with two labelled images or more has at least one in each part; a
 * single one stays in `train`.
 *
 * @param dataset - Borrowed: keep it open as long as the parts are used.
 * @returns Two disjoint subsets that hold every image once, each in the order of `dataset`.
 * @throws InvalidArgumentError if `testFraction` is not in (0, 1), or leaves a part empty.
 */
export function splitDataset(dataset: Dataset, { testFraction, random }: SplitOptions): Split {
  if (!(testFraction > 0 && testFraction < 1))
    throw new InvalidArgumentError(`splitDataset: \`testFraction\` must be in (0, 1); received ${testFraction}.`, {
      subject: "testFraction",
      expected: "in (0, 1)",
      received: String(testFraction),
    });
  const isTest = new Uint8Array(dataset.size);
  const draw = (group: Int32Array, stream: Random, atLeast: number): void => {
    const count = Math.max(Math.min(Math.round(testFraction * group.length), group.length - 1), atLeast);
    for (const at of stream.permutation(group.length).subarray(0, count)) isTest[group[at]!] = 1;
  };
  for (const [label, group] of indicesByClass(dataset).entries())
    if (group.length > 1) draw(group, random.fork("split", dataset.classNames[label]!), 1);
  const unlabelled = Int32Array.from(dataset.labels.keys()).filter((i) => dataset.labels[i] === UNLABELLED);
  if (unlabelled.length > 1) draw(unlabelled, random.fork("split"), 0);

  const all = Int32Array.from(isTest.keys());
  const test = all.filter((i) => isTest[i] === 1);
  const train = all.filter((i) => isTest[i] === 0);
  if (test.length === 0 || train.length === 0)
    throw new InvalidArgumentError(
      `splitDataset: \`testFraction\` ${testFraction} of the ${dataset.size} images of ${dataset.name} leaves the ${test.length === 0 ? "test" : "training"} part empty. Choose another fraction, or bring more images.`,
      { subject: "testFraction", received: String(testFraction) },
    );
  return { train: subset(dataset, train), test: subset(dataset, test) };
}
