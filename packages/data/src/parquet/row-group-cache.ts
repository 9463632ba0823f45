import type { SourceFile } from "../remote/source-file.js";
import { readImageColumn } from "./parquet-thread.js";
import type { Description, ImageColumn } from "./protocol.js";

/** Most bytes of encoded images that are kept; the one read last stays in any case. */
const MAX_BYTES = 256 << 20;

/** The row groups that were decoded last. */
export class RowGroupCache {
  readonly #groups = new Map<string, { readonly column: Promise<ImageColumn>; readonly bytes: number }>();

  /**
   * The encoded image of a row.
   *
   * @throws Error saying what is wrong with the row group or the row.
   */
  async image(source: SourceFile, description: Description, group: number, row: number): Promise<Uint8Array> {
    const key = `${group}:${source.path}`;
    let entry = this.#groups.get(key);
    if (entry === undefined) {
      const { imageBytes } = description.rowGroups[group]!;
      entry = { column: decode(source, description, group), bytes: imageBytes };
      entry.column.catch(() => this.#groups.delete(key));
    }
    this.#groups.delete(key); // and in again, as the one used last
    this.#groups.set(key, entry);
    this.#shrink();
    const { bytes, starts, missing } = await entry.column;
    const reason = missing.find(([index]) => index === row)?.[1];
    if (reason !== undefined) throw new Error(reason);
    return bytes.subarray(starts[row]!, starts[row + 1]!);
  }

  clear(): void {
    this.#groups.clear();
  }

  #shrink(): void {
    let total = 0;
    for (const { bytes } of this.#groups.values()) total += bytes;
    for (const [key, { bytes }] of this.#groups) {
      if (total <= MAX_BYTES || this.#groups.size === 1) return;
      this.#groups.delete(key);
      total -= bytes;
    }
  }
}

async function decode(source: SourceFile, description: Description, group: number): Promise<ImageColumn> {
  const { images, imageBytes } = description.rowGroups[group]!;
  await source.fetch(images.start, images.end);
  return readImageColumn({ path: source.path, column: description.imageColumn, group }, imageBytes);
}
