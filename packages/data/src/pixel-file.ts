import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { DataError, type RawImage } from "@simclr/core";
import type { PixelStore, StoredPixels } from "./pixel-store.js";

/**
 * Reads images from a file of decoded pixels, each checked against its checksum. Reads block: the pages of a file that was
 * written or read before are in memory, where waiting for a thread of the pool would cost more than the copy.
 */
export class PixelFile {
  readonly #file: StoredPixels;
  #descriptor: number | undefined;

  constructor(file: StoredPixels) {
    this.#file = file;
  }

  /** @throws DataError if the bytes are not those that were written. */
  readSync(store: PixelStore, index: number): RawImage {
    const { height, width, channels } = shapeAt(store, index);
    const data = new Uint8Array(height * width * channels);
    this.readInto(store, index, data);
    return { data, height, width, channels };
  }

  /** Like `readSync`, to an array of the image's length. */
  readInto(store: PixelStore, index: number, into: Uint8Array): void {
    this.#descriptor ??= openSync(this.#file.path, "r");
    const offset = store.offset[index]!;
    let done = 0;
    while (done < into.length) {
      const count = readSync(this.#descriptor, into, done, into.length - done, offset + done);
      if (count === 0) throw changed(this.#file.path, `image ${index} is cut off`);
      done += count;
    }
    if (crc32(into) !== this.#file.checksums[index])
      throw changed(this.#file.path, `image ${index} is not what was written`);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function shapeAt({ height, width, channels }: PixelStore, index: number) {
  return { height: height[index]!, width: width[index]!, channels };
}

/** The error for a cache file that is not what was written. */
export function changed(path: string, reason: string): DataError {
  return new DataError(
    `The cache of decoded images ${path} was changed or is damaged: ${reason}. Delete it; it is made again from the images.`,
    { subject: path, expected: "the file as it was written", received: reason },
  );
}
