import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { DataError } from "@simclr/core";
import type { DecodedImage } from "./decode-worker.js";
import type { SkippedImage } from "./encoded-dataset.js";
import { changed } from "./pixel-file.js";
import { type IndexedImage, inSegments, type PixelSink } from "./pixel-sink.js";
import type { PixelStore } from "./pixel-store.js";
import { unequalChannels } from "./unequal-channels.js";

/**
 * A cache of decoded images: the pixels one image after another, then a table (JSON), then SHA-256 of the table (32 bytes),
 * its length (uint64) and the last eight bytes below, all little-endian. What has no end is not finished.
 */
const MAGIC = "simclrP1";
const TRAILER_BYTES = 48;

interface PixelTable {
  /** Hash of everything that decides what is in the file. */
  readonly key: string;
  readonly channels: number;
  /** Indices of the images that were kept. */
  readonly kept: readonly number[];
  readonly offset: readonly number[];
  readonly height: readonly number[];
  readonly width: readonly number[];
  readonly checksum: readonly number[];
  /** Broken images that were left out. */
  readonly skipped: readonly SkippedImage[];
}

export interface ReadPixels {
  readonly store: PixelStore;
  readonly kept: Int32Array;
  readonly skipped: readonly SkippedImage[];
}

/** Writes decoded images to a temporary file, which gets its name when all is on the disk. */
export class PixelFileWriter implements PixelSink {
  readonly slots = undefined;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #rows: { index: number; offset: number; height: number; width: number; checksum: number }[] = [];
  #channels = 0;
  #end = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<PixelFileWriter> {
    await mkdir(dirname(path), { recursive: true });
    return new PixelFileWriter(path, await open(temporary(path), "w"));
  }

  /**
   * Takes images, written one after another; may be called while earlier ones are still being written.
   *
   * @throws DataError if the images differ in channels, or the disk is full.
   */
  async add(images: readonly IndexedImage[]): Promise<void> {
    const start = this.#end;
    for (const { index, data, height, width, channels } of images) {
      if (this.#rows.length > 0 && channels !== this.#channels)
        throw unequalChannels(String(index), channels, this.#channels);
      this.#channels = channels;
      this.#rows.push({ index, offset: this.#end, height, width, checksum: crc32(data) });
      this.#end += data.length;
    }
    await this.#write(Buffer.concat(images.map(({ data }) => data)), start);
  }

  async take(images: readonly DecodedImage[], segments: readonly SharedArrayBuffer[], channels: number): Promise<void> {
    await this.add(inSegments(images, segments, channels));
  }

  get started(): boolean {
    return this.#rows.length > 0;
  }

  /** Ends the file; it is durable under its name when the promise resolves. */
  async finish(key: string, skipped: readonly SkippedImage[]): Promise<void> {
    const rows = this.#rows.sort((a, b) => a.index - b.index);
    const table: PixelTable = {
      key,
      channels: this.#channels,
      kept: rows.map(({ index }) => index),
      offset: rows.map(({ offset }) => offset),
      height: rows.map(({ height }) => height),
      width: rows.map(({ width }) => width),
      checksum: rows.map(({ checksum }) => checksum),
      skipped,
    };
    const text = Buffer.from(JSON.stringify(table));
    const trailer = Buffer.alloc(TRAILER_BYTES);
    createHash("sha256").update(text).digest().copy(trailer);
    trailer.writeBigUInt64LE(BigInt(text.length), 32);
    trailer.write(MAGIC, 40, "latin1");
    await this.#write(text, this.#end);
    await this.#write(trailer, this.#end + text.length);
    await this.#file.sync();
    await this.#file.close();
    await rename(temporary(this.#path), this.#path);
    const folder = await open(dirname(this.#path), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {}); // closed already, if `finish` failed late
    await rm(temporary(this.#path), { force: true });
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; )
        done += (await this.#file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    } catch (cause) {
      throw new DataError(
        `Cannot write the cache of decoded images ${this.#path}: ${(cause as Error).message}. Free some space, choose another folder, or shrink images with maxSide.`,
        { subject: this.#path, cause },
      );
    }
  }
}

/**
 * Opens a finished cache file.
 *
 * @returns Undefined if there is no such file.
 * @throws DataError if it is damaged, or not of this `key`.
 */
export function readPixelFile(path: string, key: string): ReadPixels | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size < TRAILER_BYTES) throw changed(path, "it has no end");
    const trailer = readAt(descriptor, size - TRAILER_BYTES, TRAILER_BYTES);
    if (trailer.toString("latin1", 40) !== MAGIC) throw changed(path, "it has no end");
    const length = Number(trailer.readBigUInt64LE(32));
    if (length > size - TRAILER_BYTES) throw changed(path, "its table is cut off");
    const text = readAt(descriptor, size - TRAILER_BYTES - length, length);
    if (!createHash("sha256").update(text).digest().equals(trailer.subarray(0, 32)))
      throw changed(path, "its table is not what was written");
    const table = JSON.parse(text.toString()) as PixelTable; // its own writer's, as the checksum shows
    if (table.key !== key) throw changed(path, "it holds other images");
    const { channels, kept, offset, height, width, checksum, skipped } = table;
    const store: PixelStore = {
      channels,
      buffers: [],
      file: { path, checksums: Uint32Array.from(checksum) },
      buffer: new Int32Array(kept.length),
      offset: Float64Array.from(offset),
      height: Int32Array.from(height),
      width: Int32Array.from(width),
    };
    return { store, kept: Int32Array.from(kept), skipped };
  } finally {
    closeSync(descriptor);
  }
}

function temporary(path: string): string {
  return `${path}.${process.pid}.tmp`;
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(descriptor, bytes, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
