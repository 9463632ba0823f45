import { type FileHandle, open } from "node:fs/promises";
import { DataError } from "@simclr/core";
import { unreadable } from "../folder-files.js";

/** Bytes read at once where a whole file is gone through. */
const CHUNK_BYTES = 1 << 20;

/** A file of records of one size, one after another. */
export class RecordFile {
  private constructor(
    readonly path: string,
    readonly recordBytes: number,
    /** Number of records, >= 1. */
    readonly count: number,
    private readonly file: FileHandle,
  ) {}

  /**
   * @param what - What a record is, for messages: "CIFAR-10 images of 3073 bytes".
   * @throws DataError if the file cannot be opened, or holds no whole number of records.
   */
  static async open(path: string, recordBytes: number, what: string): Promise<RecordFile> {
    const file = await open(path, "r").catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    try {
      const stats = await file.stat();
      const count = stats.size / recordBytes;
      if (!stats.isFile() || count < 1 || !Number.isInteger(count))
        throw new DataError(
          `${path}: has ${stats.isFile() ? `${stats.size} bytes` : "no bytes of its own"}, which is no whole number of ${what}. Expected a multiple of ${recordBytes}; copy or unpack the file again.`,
          { subject: path, expected: `a multiple of ${recordBytes} bytes`, received: String(stats.size) },
        );
      return new RecordFile(path, recordBytes, count, file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Record `index`. */
  async read(index: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.recordBytes);
    await this.#fill(bytes, index * this.recordBytes);
    return bytes;
  }

  /** Byte `at` of every record. */
  async column(at: number): Promise<Uint8Array> {
    const column = new Uint8Array(this.count);
    const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / this.recordBytes));
    const chunk = new Uint8Array(perChunk * this.recordBytes);
    for (let first = 0; first < this.count; first += perChunk) {
      const count = Math.min(perChunk, this.count - first);
      await this.#fill(chunk.subarray(0, count * this.recordBytes), first * this.recordBytes);
      for (let i = 0; i < count; i++) column[first + i] = chunk[i * this.recordBytes + at]!;
    }
    return column;
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  async #fill(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesRead } = await this.file.read(bytes, done, bytes.length - done, position + done);
      if (bytesRead === 0)
        throw new DataError(
          `${this.path}: ends at byte ${position + done}, ${bytes.length - done} bytes early. It was longer when it was opened; leave it alone while it is used.`,
          { subject: this.path },
        );
      done += bytesRead;
    }
  }
}
