import type { ImageBatch } from "@simclr/core";

/** Shared memory for the views of batches, used again once a batch is given back. */
export class BufferPool {
  readonly #limit: number;
  readonly #free: SharedArrayBuffer[] = [];
  readonly #lent = new WeakMap<ImageBatch, SharedArrayBuffer>();

  /** @param limit - Buffers to keep at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** An array of `length` floats, of any content. */
  take(length: number): Float32Array {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= 4 * length);
    const buffer = at < 0 ? new SharedArrayBuffer(4 * length) : this.#free.splice(at, 1)[0]!;
    return new Float32Array(buffer, 0, length);
  }

  /** Notes which batch the memory went into. One that is never given back keeps it. */
  lend(batch: ImageBatch, memory: Float32Array): void {
    this.#lent.set(batch, memory.buffer as SharedArrayBuffer);
  }

  giveBack(batch: ImageBatch): void {
    const buffer = this.#lent.get(batch);
    this.#lent.delete(batch);
    if (buffer !== undefined && this.#free.length < this.#limit) this.#free.push(buffer);
  }
}
