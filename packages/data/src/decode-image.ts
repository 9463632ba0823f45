import type { RawImage } from "@simclr/core";
import sharp, { type Sharp } from "sharp";
import { checkImageSignature } from "./image-signature.js";

/** How images are decoded; data, so that it can travel to a worker. */
export interface DecodeSettings {
  /** 3 for RGB, 1 for grey, 4 for RGB and alpha. */
  readonly channels: 1 | 3 | 4;
  /** Images of more pixels are refused before they are decoded. */
  readonly maxPixels: number;
  /** Images whose shorter side is longer are shrunk to it. */
  readonly maxSide?: number | undefined;
  /** What shows through where an image is transparent, instead of the colours stored beneath: RGB in [0, 255]. */
  readonly background?: readonly [red: number, green: number, blue: number] | undefined;
}

/**
 * Decodes an image: orientation applied, converted to sRGB (or grey), without alpha unless it is asked for, 8 bits a
 * channel.
 *
 * One image is decoded by one thread and libvips caches nothing: many images are decoded at once, each one once.
 * Both settings hold for the whole process.
 */
export async function decodeImage(encoded: Uint8Array, settings: DecodeSettings): Promise<RawImage> {
  configureSharp();
  checkImageSignature(encoded);
  // "error" forgives what libjpeg merely warns of, such as stray bytes between segments; a cut-off image still fails.
  const image = sharp(encoded, { failOn: "error", limitInputPixels: settings.maxPixels }).autoOrient();
  const { channels, maxSide, background } = settings;
  if (channels === 4) return withAlpha(image, maxSide);
  if (background === undefined) return toRaw(image, channels, maxSide);
  const [r, g, b] = background;
  return toRaw(image.flatten({ background: { r, g, b } }), channels, maxSide);
}

/** Shrinks a decoded image as `decodeImage` does; gives it back untouched if it is small enough. */
export async function shrinkImage(image: RawImage, maxSide: number | undefined): Promise<RawImage> {
  const { height, width, channels } = image;
  if (maxSide === undefined || Math.min(height, width) <= maxSide) return image;
  configureSharp();
  if (channels !== 1 && channels !== 3) return shrinkPlanes(image, maxSide);
  return toRaw(sharp(Buffer.from(image.data), { raw: { height, width, channels } }), channels, maxSide);
}

async function toRaw(image: Sharp, channels: 1 | 3, maxSide: number | undefined): Promise<RawImage> {
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

/** RGB and alpha. Shrunk afterwards: sharp would weigh colours by alpha, which may hold something else altogether. */
async function withAlpha(image: Sharp, maxSide: number | undefined): Promise<RawImage> {
  const { data, info } = await image
    .toColourspace("srgb")
    .ensureAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 4) throw new Error(`it decodes to ${info.channels} channels instead of 4`);
  return shrinkImage({ data, height: info.height, width: info.width, channels: 4 }, maxSide);
}

/** Shrinks each channel by itself. */
async function shrinkPlanes({ data, height, width, channels }: RawImage, maxSide: number): Promise<RawImage> {
  const planes: RawImage[] = [];
  for (let channel = 0; channel < channels; channel++) {
    const plane = new Uint8Array(height * width);
    for (let i = 0; i < plane.length; i++) plane[i] = data[i * channels + channel]!;
    planes.push(await toRaw(sharp(plane, { raw: { height, width, channels: 1 } }), 1, maxSide));
  }
  const [{ height: newHeight, width: newWidth }] = planes as [RawImage];
  const shrunk = new Uint8Array(newHeight * newWidth * channels);
  for (const [channel, { data: plane }] of planes.entries())
    for (let i = 0; i < plane.length; i++) shrunk[i * channels + channel] = plane[i]!;
  return { data: shrunk, height: newHeight, width: newWidth, channels };
}

let configured = false;

function configureSharp(): void {
  if (configured) return;
  configured = true;
  sharp.cache(false);
  sharp.concurrency(1);
}
