import { checkInteger, InvalidArgumentError, type RawImage } from "@simclr/core";
import sharp from "sharp";
import { checkImage } from "./check-image.js";
import type { Thumbnails } from "./report-data.js";

export interface ThumbnailsOptions {
  /** Edge of the square that each image is fitted into, in pixels, a multiple of 8. @defaultValue 48 */
  readonly tilePx?: number;
  /** Tiles in a row, >= 1. @defaultValue 20 */
  readonly columns?: number;
}

/** What shows beside an image that is not square, and through a transparent one. */
const GROUND = { r: 128, g: 128, b: 128 };
const QUALITY = 82;

/**
 * Puts small versions of images into one JPEG file: about a kilobyte for each tile of 48 pixels. Images keep their proportions and are
 * centred in their tiles. Tiles begin where JPEG's blocks begin, so that none bleeds into the next.
 *
 * @param images - uint8 images of 1, 3 or 4 channels, at least one.
 * @throws InvalidArgumentError if there is no image, or one whose data do not fit its shape.
 */
export async function thumbnails(images: readonly RawImage[], options: ThumbnailsOptions = {}): Promise<Thumbnails> {
  const { tilePx = 48 } = options;
  const columns = Math.max(1, Math.min(options.columns ?? 20, images.length));
  checkInteger("thumbnails", { tilePx }, 8);
  checkInteger("thumbnails", { columns }, 1);
  if (tilePx % 8 !== 0 || images.length === 0) {
    const what =
      tilePx % 8 === 0
        ? "`images` must hold at least one image; received none"
        : `\`tilePx\` must be a multiple of 8; received ${tilePx}`;
    throw new InvalidArgumentError(`thumbnails: ${what}.`, { subject: tilePx % 8 === 0 ? "images" : "tilePx" });
  }
  const width = columns * tilePx;
  const height = Math.ceil(images.length / columns) * tilePx;
  const sheet = Buffer.alloc(width * height * 3, GROUND.r);
  for (const [i, image] of images.entries()) {
    checkImage("thumbnails", `images[${i}]`, image);
    const { width: w, height: h, channels } = image;
    const tile = await sharp(image.data, { raw: { width: w, height: h, channels: channels as 1 | 3 | 4 } })
      .toColourspace("srgb")
      .flatten({ background: GROUND })
      .resize(tilePx, tilePx, {
        fit: "contain",
        background: GROUND,
        kernel: Math.max(w, h) < tilePx ? "nearest" : "lanczos3",
      })
      .raw()
      .toBuffer();
    const [left, top] = [(i % columns) * tilePx, Math.floor(i / columns) * tilePx];
    for (let y = 0; y < tilePx; y++)
      sheet.set(tile.subarray(y * tilePx * 3, (y + 1) * tilePx * 3), ((top + y) * width + left) * 3);
  }
  const jpeg = sharp(sheet, { raw: { width, height, channels: 3 } }).jpeg({
    quality: QUALITY,
    chromaSubsampling: "4:4:4",
  });
  return {
    file: new Uint8Array(await jpeg.toBuffer()),
    mediaType: "image/jpeg",
    tilePx,
    columns,
    count: images.length,
  };
}
