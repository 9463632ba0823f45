import type { RawImage } from "@simclr/core";
import sharp, { type Sharp } from "sharp";

/** How images are decoded; data, so that it can travel to a worker. */
export interface DecodeSettings {
  /** 3 for RGB, 1 for grey. */
  readonly channels: 1 | 3;
  /** Images of more pixels are refused before they are decoded. */
  readonly maxPixels: number;
  /** Images whose shorter side is longer are shrunk to it. */
  readonly maxSide?: number | undefined;
}

/**
 * Decodes an image: orientation applied, converted to sRGB (or grey), without alpha, 8 bits a channel.
 *
 * One image is decoded by one thread and libvips caches nothing: many images are decoded at once, each one once.
 * Both settings hold for the whole process.
 */
export async function decodeImage(encoded: Uint8Array, settings: DecodeSettings): Promise<RawImage> {
  configureSharp();
  if (encoded.length === 0) throw new Error("the file is empty");
  // "error" forgives what libjpeg merely warns of, such as stray bytes between segments; a cut-off image still fails.
  return toRaw(sharp(encoded, { failOn: "error", limitInputPixels: settings.maxPixels }).autoOrient(), settings);
}

/** Shrinks a decoded image as `decodeImage` does; gives it back untouched if it is small enough. */
export async function shrinkImage(image: RawImage, maxSide: number | undefined): Promise<RawImage> {
  const { height, width, channels } = image;
  if (maxSide === undefined || Math.min(height, width) <= maxSide) return image;
  if (channels !== 1 && channels !== 3)
    throw new Error(`only images of 1 or 3 channels can be shrunk, not ${channels}`);
  configureSharp();
  const raw = { height, width, channels } as const;
  return toRaw(sharp(Buffer.from(image.data), { raw }), { channels, maxPixels: height * width, maxSide });
}

async function toRaw(image: Sharp, { channels, maxSide }: DecodeSettings): Promise<RawImage> {
  let pipeline = image;
  if (maxSide !== undefined)
    pipeline = pipeline.resize({ width: maxSide, height: maxSide, fit: "outside", withoutEnlargement: true });
  const { data, info } = await pipeline
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .removeAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== channels) throw new Error(`it decodes to ${info.channels} channels instead of ${channels}`);
  return { data, height: info.height, width: info.width, channels };
}

let configured = false;

function configureSharp(): void {
  if (configured) return;
  configured = true;
  sharp.cache(false);
  sharp.concurrency(1);
}
