import type { ImageShape } from "@simclr/core";
import { type DecodeSettings, decodeImage } from "./decode-image.js";
import { BlockingImageReader, type ImageLocation } from "./image-bytes.js";
import { reasonOf } from "./reason.js";

/** Bytes of images that share one buffer. */
const SEGMENT_BYTES = 4 << 20;

/** Decode images first … first + locations.length - 1. */
export interface DecodeTask {
  readonly first: number;
  readonly locations: readonly ImageLocation[];
  readonly settings: DecodeSettings;
  /** Images of this shape are written to the buffer at their index; others come back in segments. */
  readonly slots: { readonly buffer: SharedArrayBuffer; readonly shape: ImageShape } | undefined;
}

export interface DecodedImage {
  readonly index: number;
  readonly height: number;
  readonly width: number;
  /** Which of the segments; -1 if the image is in its slot. */
  readonly segment: number;
  /** First byte in the segment. */
  readonly offset: number;
}

export interface DecodeResult {
  readonly images: readonly DecodedImage[];
  readonly segments: readonly SharedArrayBuffer[];
  readonly broken: readonly { readonly index: number; readonly reason: string }[];
}

/** Worker entry: decodes a run of images. A broken image is reported, not thrown. */
export default async function decodeRun({ first, locations, settings, slots }: DecodeTask): Promise<DecodeResult> {
  const reader = new BlockingImageReader();
  const slotView = slots === undefined ? undefined : new Uint8Array(slots.buffer);
  const images: DecodedImage[] = [];
  const segments: SharedArrayBuffer[] = [];
  const broken: { index: number; reason: string }[] = [];
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const flush = (): void => {
    if (pending.length === 0) return;
    const segment = new SharedArrayBuffer(pendingBytes);
    const view = new Uint8Array(segment);
    let at = 0;
    for (const data of pending) {
      view.set(data, at);
      at += data.length;
    }
    segments.push(segment);
    pending = [];
    pendingBytes = 0;
  };
  try {
    for (const [i, location] of locations.entries()) {
      const index = first + i;
      try {
        const { data, height, width } = await decodeImage(reader.read(location), settings);
        if (slotView !== undefined && height === slots!.shape.height && width === slots!.shape.width) {
          slotView.set(data, index * data.length);
          images.push({ index, height, width, segment: -1, offset: 0 });
          continue;
        }
        images.push({ index, height, width, segment: segments.length, offset: pendingBytes });
        pending.push(data);
        pendingBytes += data.length;
        if (pendingBytes >= SEGMENT_BYTES) flush();
      } catch (error) {
        broken.push({ index, reason: reasonOf(error) });
      }
    }
    flush();
  } finally {
    reader.close();
  }
  return { images, segments, broken };
}
