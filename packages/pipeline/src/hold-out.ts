import { ConfigError, type Dataset, Random } from "@simclr/core";
import { type CachedDataset, classCounts, labelledIndices, splitDataset, subset } from "@simclr/data";

/** Decoded images, and where they lie. */
export type RunDataset = Dataset & Pick<CachedDataset, "byteLength" | "file">;

/** The images that are trained on, and the labelled ones held out of them. */
export interface HeldOut {
  readonly train: RunDataset;
  readonly test: RunDataset;
}

/**
 * Holds labelled images out of a data set, class by class, to measure with. They are not trained on, with or without their
 * label; images without a label all stay.
 *
 * @param all - Borrowed: keep it open as long as the parts are used.
 * @param share - Of each class's labelled images, in (0, 1); one at least, and one at least is left.
 * @throws ConfigError if a class has fewer than two labelled images.
 */
export function holdOut(all: CachedDataset, share: number, seed: number): HeldOut {
  const counts = classCounts(all);
  const poor = all.classNames.filter((_, k) => counts[k]! < 2);
  if (poor.length > 0)
    throw new ConfigError(
      `data.test: holding images out needs two labelled images a class or more; ${poor.slice(0, 3).join(", ")} ${poor.length === 1 ? "has" : "have"} fewer. Label more images, or name labelled test images in data.test.`,
      { subject: "data.test", expected: "two labelled images a class" },
    );
  const labelled = labelledIndices(all);
  const random = Random.fromSeed(seed).fork("hold-out");
  const { test } = splitDataset(subset(all, labelled), { testFraction: share, random });
  const heldOut = new Set(Array.from({ length: test.size }, (_, i) => test.id(i)));
  const kept = Int32Array.from(all.labels.keys()).filter((i) => all.labels[i]! < 0 || !heldOut.has(all.id(i)));
  const { file, byteLength } = all;
  // The pixels are those of `all`, which counts them.
  return { train: { ...subset(all, kept), file, byteLength }, test: { ...test, file: undefined, byteLength: 0 } };
}
