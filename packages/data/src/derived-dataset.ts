import type { Dataset } from "@simclr/core";
import { pixelStoreOf } from "./cached-dataset.js";
import { checkIndex } from "./encoded-dataset.js";
import { commonShape } from "./pixel-store.js";

/** Keyed by a shared symbol, so that two copies of the package understand each other. */
const BASE = Symbol.for("simclr.data.base");

interface Base {
  readonly dataset: Dataset;
  /** Indices into `dataset`; undefined if all are kept in order. */
  readonly indices: Int32Array | undefined;
}

/** The data set that holds the images of a derived one, and where they are in it. */
export interface Root {
  readonly dataset: Dataset;
  /** Index into the root, of each image. */
  readonly indexOf: (index: number) => number;
}

/** Follows subsets and label subsets down to the data set that holds the images. */
export function rootOf(dataset: Dataset): Root {
  const base = (dataset as { readonly [BASE]?: Base })[BASE];
  if (base === undefined) return { dataset, indexOf: (index) => index };
  const root = rootOf(base.dataset);
  const { indices } = base;
  return indices === undefined ? root : { dataset: root.dataset, indexOf: (index) => root.indexOf(indices[index]!) };
}

export interface DerivedParts {
  /** Indices into the base; undefined to keep all. */
  readonly indices?: Int32Array;
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  readonly fingerprint: string;
}

/** Some images of a data set, or other labels for them. It borrows the base: closing it closes nothing. */
export function derivedDataset(base: Dataset, parts: DerivedParts): Dataset {
  const { indices, labels, classNames, fingerprint } = parts;
  const size = labels.length;
  const inBase = (index: number): number => {
    checkIndex(base.name, index, size);
    return indices === undefined ? index : indices[index]!;
  };
  const derived = {
    name: base.name,
    size,
    imageShape: base.imageShape,
    classNames,
    labels,
    fingerprint,
    id: (index: number) => base.id(inBase(index)),
    read: async (index: number) => base.read(inBase(index)),
    close: async () => {},
    [BASE]: { dataset: base, indices } satisfies Base,
  };
  if (derived.imageShape === undefined) {
    const root = rootOf(derived);
    const store = pixelStoreOf(root.dataset);
    if (store !== undefined) derived.imageShape = commonShape(store, Array.from(labels.keys(), root.indexOf));
  }
  return derived;
}
