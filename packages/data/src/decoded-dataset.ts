import type { ImageShape, RawImage } from "@simclr/core";
import type { ClassLabels } from "./class-labels.js";
import { defineDataset } from "./define-dataset.js";
import type { OpenedDataset, SkippedImage } from "./encoded-dataset.js";
import { fingerprintOf } from "./fingerprint.js";
import type { ResolvedOpenOptions } from "./open-options.js";

export interface DecodedDatasetParts {
  readonly name: string;
  /** Shape of every image; undefined where sizes differ. */
  readonly imageShape: ImageShape | undefined;
  readonly classes: ClassLabels;
  /** What tells this data set from others: names and sizes of files, and settings. */
  readonly identity: Iterable<string | number>;
  readonly skipped?: readonly SkippedImage[];
  readonly ignored?: readonly string[];
  id(index: number): string;
  read(index: number): Promise<RawImage>;
  close(): Promise<void>;
}

/** A data set of files whose images are not files of their own: records, arrays, rows. */
export function decodedDataset(parts: DecodedDatasetParts, options: ResolvedOpenOptions): OpenedDataset {
  const { name, imageShape, classes, skipped = [], ignored = [] } = parts;
  const dataset = defineDataset({
    name,
    size: classes.labels.length,
    ...(imageShape !== undefined && { imageShape }),
    classNames: classes.classNames,
    labels: classes.labels,
    fingerprint: fingerprintOf([...parts.identity, ...classes.classNames, classes.labels]),
    id: parts.id,
    read: parts.read,
    close: parts.close,
  });
  return { ...dataset, onBroken: options.onBroken, skipped, ignored };
}
