import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, open, readFile, rm } from "node:fs/promises";
import { writeFileAtomic } from "@simclr/trainer/node";
import { dump } from "npyjs";

/** Bytes that one call reads or writes; the operating system takes less than 2 GiB. */
const PIECE_BYTES = 2 ** 28;

/** What stands beside the rows. */
interface Progress {
  /** Hash of all that decides the rows. */
  readonly inputs: string;
  readonly shape: readonly [rows: number, width: number];
  /** Rows that are on the disk. */
  readonly rows: number;
  /** Of the values' bytes, once all rows are there. */
  readonly sha256?: string;
}

/**
 * Rows of numbers that are made in order, over several sittings: float32 `[rows, width]` in `<name>.npy`, for NumPy too, and how
 * far they are in `<name>.json`. A row counts once it is on the disk.
 */
export class RowFile {
  readonly #file: string;
  readonly #progressFile: string;
  readonly #inputs: string;
  readonly #shape: readonly [number, number];
  readonly #header: Uint8Array;
  #handle: FileHandle | undefined;
  #count = 0;
  #isFinished = false;

  /**
   * @param name - Path without ending; its folder exists.
   * @param inputs - Hash of all that decides the rows; rows of another are dropped.
   */
  constructor(name: string, inputs: string, shape: readonly [rows: number, width: number]) {
    this.#file = `${name}.npy`;
    this.#progressFile = `${name}.json`;
    this.#inputs = inputs;
    this.#shape = shape;
    this.#header = new Uint8Array(dump(new Float32Array(0), [...shape]));
  }

  get path(): string {
    return this.#file;
  }

  /**
   * Opens the file, or makes it, and reads the rows that an earlier sitting wrote.
   *
   * @param into - float32 `[rows * width]`, whose first rows are overwritten.
   * @returns how many there are; 0 where all were there, but are not as they were written.
   */
  async open(into: Float32Array): Promise<number> {
    const progress = await this.#readProgress();
    this.#handle = await open(this.#file, progress === undefined ? "w+" : "r+");
    if (progress !== undefined) {
      const bytes = bytesOf(into).subarray(0, 4 * progress.rows * this.#shape[1]);
      const isWhole = await this.#read(bytes);
      if (isWhole && (progress.sha256 ?? sha256(bytes)) === sha256(bytes)) {
        this.#count = progress.rows;
        this.#isFinished = progress.sha256 !== undefined;
        return progress.rows;
      }
      await this.#handle.truncate(0);
    }
    await rm(this.#progressFile, { force: true });
    await this.#write(this.#header, 0);
    return 0;
  }

  /** Keeps the first `count` rows and drops the others. */
  keep(count: number): void {
    this.#count = Math.min(this.#count, count);
  }

  /** Writes the next rows; they count when the promise resolves. */
  async append(rows: Float32Array): Promise<void> {
    const [, width] = this.#shape;
    await this.#write(bytesOf(rows), this.#header.length + 4 * this.#count * width);
    await this.#handle!.datasync();
    this.#count += rows.length / width;
    await this.#writeProgress({});
  }

  /** Marks all rows as made, with the sum by which a later sitting knows them. */
  async finish(all: Float32Array): Promise<void> {
    if (this.#isFinished) return;
    await this.#writeProgress({ sha256: sha256(bytesOf(all)) });
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }

  async #readProgress(): Promise<Progress | undefined> {
    if (!existsSync(this.#progressFile) || !existsSync(this.#file)) return undefined;
    const progress = JSON.parse(await readFile(this.#progressFile, "utf8")) as Progress;
    const isOurs = progress.inputs === this.#inputs && String(progress.shape) === String(this.#shape);
    return isOurs ? progress : undefined;
  }

  async #writeProgress(more: Pick<Progress, "sha256">): Promise<void> {
    const progress: Progress = { inputs: this.#inputs, shape: this.#shape, rows: this.#count, ...more };
    await writeFileAtomic(this.#progressFile, `${JSON.stringify(progress)}\n`);
  }

  /** False where the file has fewer bytes. */
  async #read(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(PIECE_BYTES, bytes.length - at);
      const { bytesRead } = await this.#handle!.read(bytes, at, length, this.#header.length + at);
      if (bytesRead === 0) return false;
      at += bytesRead;
    }
    return true;
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(PIECE_BYTES, bytes.length - at);
      at += (await this.#handle!.write(bytes, at, length, position + at)).bytesWritten;
    }
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
