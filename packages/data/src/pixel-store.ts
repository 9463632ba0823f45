import { DataError, type ImageShape, type RawImage } from "@simclr/core";
import type { DecodedImage } from "./decode-worker.js";
import { type IndexedImage, inSegments, type PixelSink } from "./pixel-sink.js";
import { unequalChannels } from "./unequal-channels.js";

/** A file of decoded images, and how to see that they are what was written. */
export interface StoredPixels {
  readonly path: string;
  /** CRC-32 of each image, [N]. */
  readonly checksums: Uint32Array;
}

/**
 * Decoded images; `images[i]` lies in one of `buffers`, memory that worker threads share, or, where there is a `file`, in that.
 */
export interface PixelStore {
  readonly channels: number;
  /** None where there is a file. */
  readonly buffers: readonly SharedArrayBuffer[];
  readonly file?: StoredPixels;
  /** Which buffer, [N]; 0 where there is a file. */
  readonly buffer: Int32Array;
  /** First byte in it, [N]. */
  readonly offset: Float64Array;
  /** In pixels, [N]. */
  readonly height: Int32Array;
  /** In pixels, [N]. */
  readonly width: Int32Array;
}

/** The bytes of one image in memory, not copied. */
function pixelsAt(store: PixelStore, index: number): Uint8Array {
  const { buffers, buffer, offset, height, width, channels } = store;
  return new Uint8Array(buffers[buffer[index]!]!, offset[index]!, height[index]! * width[index]! * channels);
}

/** One image in memory, not copied. */
export function imageAt(store: PixelStore, index: number): RawImage {
  const { height, width, channels } = store;
  return { data: pixelsAt(store, index), height: height[index]!, width: width[index]!, channels };
}

/** The shape that the images at `indices` share; undefined if they differ or there are none. */
export function commonShape(store: PixelStore, indices: Iterable<number>): ImageShape | undefined {
  let shape: ImageShape | undefined;
  for (const i of indices) {
    shape ??= { height: store.height[i]!, width: store.width[i]!, channels: store.channels };
    if (store.height[i] !== shape.height || store.width[i] !== shape.width) return undefined;
  }
  return shape;
}

/**
 * Collects decoded images. As long as all of them have the shape of the first, they go straight to their places in
 * one buffer ("slots", which workers can write to themselves); others go to buffers of their own.
 */
export class PixelStoreBuilder implements PixelSink {
  readonly #buffers: SharedArrayBuffer[] = [];
  readonly #buffer: Int32Array;
  readonly #offset: Float64Array;
  readonly #height: Int32Array;
  readonly #width: Int32Array;
  #channels = 0;
  #bytes = 0;
  #stored = 0;
  #slots: { readonly buffer: SharedArrayBuffer; readonly shape: ImageShape } | undefined;

  constructor(
    private readonly size: number,
    private readonly maxBytes: number,
  ) {
    this.#buffer = new Int32Array(size).fill(-1);
    this.#offset = new Float64Array(size);
    this.#height = new Int32Array(size);
    this.#width = new Int32Array(size);
  }

  /** Whether an image was added. */
  get started(): boolean {
    return this.#stored > 0;
  }

  /** The buffer for images of the first image's shape, [N, H, W, C]; undefined before the first image or if too large. */
  get slots(): { readonly buffer: SharedArrayBuffer; readonly shape: ImageShape } | undefined {
    return this.#slots;
  }

  async add(images: readonly IndexedImage[]): Promise<void> {
    for (const image of images) this.#copy(image);
  }

  async take(images: readonly DecodedImage[], segments: readonly SharedArrayBuffer[], channels: number): Promise<void> {
    if (!this.started) {
      await this.add(inSegments(images, segments, channels));
      return;
    }
    const buffers = segments.map((segment) => this.#addBuffer(segment));
    for (const { index, height, width, segment, offset } of images) {
      if (segment < 0) this.#addInSlot(index);
      else this.#addInBuffer(index, buffers[segment]!, offset, { height, width, channels });
    }
  }

  #copy({ index, ...image }: IndexedImage): void {
    if (this.#stored === 0) this.#makeSlots(image);
    if (this.#slots !== undefined && sameShape(this.#slots.shape, image)) {
      new Uint8Array(this.#slots.buffer).set(image.data, index * image.data.length);
      this.#addInSlot(index);
    } else {
      const buffer = new SharedArrayBuffer(image.data.length);
      new Uint8Array(buffer).set(image.data);
      this.#addInBuffer(index, this.#addBuffer(buffer), 0, image);
    }
  }

  /** Notes that a worker wrote image `index` to its slot. */
  #addInSlot(index: number): void {
    const shape = this.#slots!.shape;
    this.#addInBuffer(index, 0, index * shape.height * shape.width * shape.channels, shape);
  }

  /** Takes over a buffer of images; gives its number. */
  #addBuffer(buffer: SharedArrayBuffer): number {
    return this.#buffers.push(buffer) - 1;
  }

  /** Notes that image `index` is in a buffer that was taken over. */
  #addInBuffer(index: number, buffer: number, offset: number, shape: ImageShape): void {
    if (this.#stored > 0 && shape.channels !== this.#channels)
      throw unequalChannels(String(index), shape.channels, this.#channels);
    this.#channels = shape.channels;
    this.#buffer[index] = buffer;
    this.#offset[index] = offset;
    this.#height[index] = shape.height;
    this.#width[index] = shape.width;
    this.#stored++;
    this.#bytes += shape.height * shape.width * shape.channels;
    if (this.#bytes > this.maxBytes) throw this.#tooLarge();
  }

  /** The store of the images at `kept`, in that order; all of one shape lie in one buffer without gaps. */
  finish(kept: Int32Array): PixelStore {
    const store: PixelStore = {
      channels: this.#channels,
      buffers: this.#buffers,
      buffer: Int32Array.from(kept, (i) => this.#buffer[i]!),
      offset: Float64Array.from(kept, (i) => this.#offset[i]!),
      height: Int32Array.from(kept, (i) => this.#height[i]!),
      width: Int32Array.from(kept, (i) => this.#width[i]!),
    };
    return commonShape(store, kept.keys()) === undefined ? store : contiguous(store);
  }

  #makeSlots(image: RawImage): void {
    const bytes = this.size * image.data.length;
    if (bytes > this.maxBytes) return;
    const { height, width, channels } = image;
    let buffer: SharedArrayBuffer;
    try {
      buffer = new SharedArrayBuffer(bytes); // pages that are never written take no memory
    } catch {
      return; // images of mixed sizes, the first of them large, may still fit one by one
    }
    this.#slots = { buffer, shape: { height, width, channels } };
    this.#addBuffer(buffer);
  }

  #tooLarge(): DataError {
    const total = (this.#bytes / this.#stored) * this.size;
    return new DataError(
      `The decoded images take more than \`maxBytes\` (${megabytes(this.maxBytes)}): ${this.#stored} of ${this.size} fill it, and all would take about ${megabytes(total)}. Raise maxBytes, shrink large images with maxSide, or open fewer with limit.`,
      { subject: "maxBytes", expected: `about ${Math.ceil(total)} bytes`, received: String(this.maxBytes) },
    );
  }
}

/** Whether an error says that the images do not fit into memory. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof DataError && error.subject === "maxBytes";
}

function sameShape(a: ImageShape, b: ImageShape): boolean {
  return a.height === b.height && a.width === b.width && a.channels === b.channels;
}

/** Packs images of one shape into one buffer, in place if they are in one already (then always at or before where they were). */
function contiguous(store: PixelStore): PixelStore {
  const count = store.buffer.length;
  const bytes = store.height[0]! * store.width[0]! * store.channels;
  const inPlace = store.buffer.every((buffer) => buffer === 0) && store.buffers[0]!.byteLength >= count * bytes;
  const target = inPlace ? store.buffers[0]! : new SharedArrayBuffer(count * bytes);
  const view = new Uint8Array(target);
  for (let i = 0; i < count; i++) {
    if (inPlace && store.offset[i] === i * bytes) continue;
    view.set(pixelsAt(store, i), i * bytes);
  }
  return {
    ...store,
    buffers: [target],
    buffer: new Int32Array(count),
    offset: Float64Array.from({ length: count }, (_, i) => i * bytes),
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString("en-US", { maximumFractionDigits: 1 })} MB`;
}
