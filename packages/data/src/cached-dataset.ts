import type { Dataset, ImageShape } from "@simclr/core";
import { checkIndex, type SkippedImage } from "./encoded-dataset.js";
import { PixelFile } from "./pixel-file.js";
import { commonShape, imageAt, type PixelStore } from "./pixel-store.js";

/** A data set whose images are decoded. It does not need the data set it was made from any more. */
export interface CachedDataset extends Dataset {
  /** All pixels, uint8 [N, H, W, C] in shared memory, if all images have one size and lie there. Owned by the data set: do not write. */
  readonly pixels: Uint8Array | undefined;
  /** Bytes that the decoded images take. */
  readonly byteLength: number;
  /** The file that holds them; undefined if they are in memory. */
  readonly file: string | undefined;
  /** What was left out because it is broken, when the data set was opened or now. */
  readonly skipped: readonly SkippedImage[];
}

/** Keyed by a shared symbol, so that two copies of the package understand each other. */
const STORE = Symbol.for("simclr.data.pixels");

/** The decoded images of a cached data set; undefined for any other. */
export function pixelStoreOf(dataset: Dataset): PixelStore | undefined {
  return (dataset as { readonly [STORE]?: PixelStore })[STORE];
}

export interface CachedDatasetParts {
  readonly name: string;
  readonly store: PixelStore;
  readonly ids: readonly string[];
  readonly classNames: readonly string[];
  readonly labels: Int32Array;
  readonly fingerprint: string;
  readonly skipped: readonly SkippedImage[];
}

export function cachedDataset(parts: CachedDatasetParts): CachedDataset {
  const { name, store, ids, classNames, labels, fingerprint, skipped } = parts;
  const size = ids.length;
  const imageShape: ImageShape | undefined = commonShape(store, labels.keys());
  const file = store.file === undefined ? undefined : new PixelFile(store.file);
  let byteLength = 0;
  for (let i = 0; i < size; i++) byteLength += store.height[i]! * store.width[i]! * store.channels;
  return {
    name,
    size,
    imageShape,
    classNames,
    labels,
    fingerprint,
    skipped,
    byteLength,
    file: store.file?.path,
    pixels:
      imageShape === undefined || file !== undefined ? undefined : new Uint8Array(store.buffers[0]!, 0, byteLength),
    id: (index) => ids[checkIndex(name, index, size)]!,
    read: async (index) => {
      checkIndex(name, index, size);
      if (file !== undefined) return file.readSync(store, index);
      const image = imageAt(store, index);
      return { ...image, data: new Uint8Array(image.data) };
    },
    close: async () => file?.close(),
    [STORE]: store,
  } as CachedDataset;
}
