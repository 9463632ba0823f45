import { DataError, type Dataset, InvalidArgumentError, type RawImage } from "@simclr/core";
import type { ClassLabels } from "./class-labels.js";
import { type DecodeSettings, decodeImage } from "./decode-image.js";
import { fingerprintOf } from "./fingerprint.js";
import { type ImageLocation, ImageReader } from "./image-bytes.js";
import { reasonOf } from "./reason.js";

/** What happens to an image that cannot be read: an error, or it is left out and listed. */
export type BrokenPolicy = "error" | "skip";

/** Something that was left out, and why. */
export interface SkippedImage {
  /** A file, `archive.tar:member`, or an archive whose end is missing. */
  readonly id: string;
  readonly reason: string;
}

/** A data set that was read from files. */
export interface OpenedDataset extends Dataset {
  /** The policy it was opened with; `cacheDecoded` follows it. */
  readonly onBroken: BrokenPolicy;
  /** What was left out because it is broken. */
  readonly skipped: readonly SkippedImage[];
  /** Names of files that are not images, and so not used. */
  readonly ignored: readonly string[];
}

/** Where the encoded images of a data set are, for workers that decode many of them. */
export interface EncodedImages {
  readonly locations: readonly ImageLocation[];
  readonly settings: DecodeSettings;
}

/** Keyed by a shared symbol, so that two copies of the package understand each other. */
const ENCODED = Symbol.for("simclr.data.encoded");

/** The encoded images behind a data set of files; undefined for any other. */
export function encodedImagesOf(dataset: Dataset): EncodedImages | undefined {
  return (dataset as { readonly [ENCODED]?: EncodedImages })[ENCODED];
}

/** One image found by a reader. */
export interface FoundImage {
  /** For messages and predictions. */
  readonly id: string;
  /** Path relative to the data set, with `/`: what classes and fingerprints are made of. */
  readonly name: string;
  readonly location: ImageLocation;
}

export interface EncodedDatasetParts {
  readonly name: string;
  readonly images: readonly FoundImage[];
  readonly classes: ClassLabels;
  readonly settings: DecodeSettings;
  readonly onBroken: BrokenPolicy;
  readonly skipped: readonly SkippedImage[];
  readonly ignored: readonly string[];
}

/** A data set over encoded images in files: decodes on every read, and keeps archives open until it is closed. */
export function encodedDataset(parts: EncodedDatasetParts): OpenedDataset {
  const { name, images, classes, settings, onBroken, skipped, ignored } = parts;
  const reader = new ImageReader();
  const find = (index: number): FoundImage => images[checkIndex(name, index, images.length)]!;
  let closed = false;

  return {
    name,
    size: images.length,
    imageShape: undefined,
    classNames: classes.classNames,
    labels: classes.labels,
    fingerprint: fingerprintOf(fingerprintParts(parts)),
    onBroken,
    skipped,
    ignored,
    id: (index) => find(index).id,
    read: async (index): Promise<RawImage> => {
      const image = find(index);
      if (closed)
        throw new InvalidArgumentError(`${name}: the data set is closed. Open it again with openDataset.`, {
          subject: name,
        });
      try {
        return await decodeImage(await reader.read(image.location), settings);
      } catch (cause) {
        throw brokenImageError(image.id, cause);
      }
    },
    close: async () => {
      closed = true;
      await reader.close();
    },
    [ENCODED]: { locations: images.map(({ location }) => location), settings },
  } as OpenedDataset;
}

/** The error for an image that cannot be decoded. */
export function brokenImageError(id: string, cause: unknown): DataError {
  return new DataError(
    `Cannot decode the image ${id}: ${reasonOf(cause)}. Replace or remove it, or cache the data set with onBroken: "skip" to leave broken images out and have them listed.`,
    { subject: id, expected: "a sound image", cause },
  );
}

/** @throws InvalidArgumentError unless `index` is that of an image. */
export function checkIndex(name: string, index: number, size: number): number {
  if (Number.isInteger(index) && index >= 0 && index < size) return index;
  throw new InvalidArgumentError(`${name}: \`index\` must be an integer in [0, ${size}); received ${index}.`, {
    subject: "index",
    expected: `an integer in [0, ${size})`,
    received: String(index),
  });
}

function* fingerprintParts({
  images,
  classes,
  settings,
}: EncodedDatasetParts): Generator<string | number | Int32Array> {
  yield settings.channels;
  for (const { name, location } of images) {
    yield name;
    yield location.size;
  }
  yield* classes.classNames;
  yield classes.labels;
}
