import type { ImageShape, RawImage } from "@simclr/core";
import type { DecodedImage } from "./decode-worker.js";

/** Where decoded images go: memory or a file. */
export interface PixelSink {
  /** Whether an image was added. */
  readonly started: boolean;
  /** Where workers may write images of that shape themselves. */
  readonly slots: { readonly buffer: SharedArrayBuffer; readonly shape: ImageShape } | undefined;
  /** Takes what a worker decoded: images in their slots, and others in segments, which may be kept. */
  take(images: readonly DecodedImage[], segments: readonly SharedArrayBuffer[], channels: number): Promise<void>;
  /** Copies images in. */
  add(images: readonly IndexedImage[]): Promise<void>;
}

export interface IndexedImage extends RawImage {
  readonly index: number;
}

/** The images that lie in segments, not copied. */
export function inSegments(
  images: readonly DecodedImage[],
  segments: readonly SharedArrayBuffer[],
  channels: number,
): IndexedImage[] {
  return images.map(({ index, height, width, segment, offset }) => ({
    index,
    data: new Uint8Array(segments[segment]!, offset, height * width * channels),
    height,
    width,
    channels,
  }));
}
