import { DataError } from "@simclr/core";
import { didYouMean, nearMatches } from "../near-matches.js";
import type { DatasetSplit, ResolvedOpenOptions } from "../open-options.js";

/** How splits are spelled in the names of arrays. */
const SPLIT_WORDS: Readonly<Record<DatasetSplit, readonly string[]>> = {
  train: ["train"],
  validation: ["val", "valid", "validation"],
  test: ["test"],
  unlabelled: ["unlabelled", "unlabeled"],
  "train+unlabelled": [],
};

/** Names of arrays that belong to no split. */
const IMAGES = ["images", "image", "x", "X", "data", "arr_0"];
const LABELS = ["labels", "label", "y", "Y", "targets", "target", "arr_1"];

/** Names of the arrays of images and labels. */
export interface ChosenArrays {
  readonly images: string;
  readonly labels: string | undefined;
}

/**
 * Which arrays of an archive to use: those that `columns` names, those of the split (`x_train`, `train_images`), or the
 * usual names where nothing speaks of splits.
 *
 * @throws DataError listing the arrays if none fits.
 */
export function chooseArrays(
  path: string,
  names: readonly string[],
  { columns, split }: ResolvedOpenOptions,
): ChosenArrays {
  for (const asked of [columns.image, columns.label])
    if (asked !== undefined && !names.includes(asked))
      throw new DataError(
        `${path}: has no array "${asked}", which \`columns\` names.${didYouMean(nearMatches(asked, names))} It holds ${listed(names)}.`,
        { subject: path, expected: asked, received: names.join(", ") },
      );
  const pick = (words: readonly string[], usual: readonly string[]): string | undefined =>
    words.flatMap((word) => spellings(word, usual)).find((name) => names.includes(name));
  const hasSplits = Object.values(SPLIT_WORDS).some((words) => pick(words, IMAGES) !== undefined);
  const words = SPLIT_WORDS[split];
  const find = (usual: readonly string[]): string | undefined =>
    hasSplits ? pick(words, usual) : usual.find((name) => names.includes(name));
  const images = columns.image ?? find(IMAGES);
  if (images === undefined)
    throw new DataError(
      `${path}: none of its arrays is known to hold the images${hasSplits ? ` of the split "${split}"` : ""}; expected ${
        hasSplits
          ? spellings(words[0] ?? split, IMAGES)
              .slice(0, 4)
              .join(", ")
          : IMAGES.join(", ")
      }. It holds ${listed(names)}; name the right one with \`columns\`, as { image: … }.`,
      { subject: path, received: names.join(", ") },
    );
  return { images, labels: columns.label ?? find(LABELS) };
}

function spellings(word: string, usual: readonly string[]): string[] {
  return usual.flatMap((name) => [`${word}_${name}`, `${name}_${word}`]);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "no arrays";
  return `${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`;
}
