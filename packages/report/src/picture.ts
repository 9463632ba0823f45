import { checkInteger, type RawImage } from "@simclr/core";
import sharp from "sharp";
import { checkImage } from "./check-image.js";

export interface PictureOptions {
  /** Longest side, in pixels, >= 1; smaller images keep their size. @defaultValue 1600 */
  readonly maxSidePx?: number;
}

const GROUND = { r: 128, g: 128, b: 128 };
const QUALITY = 88;

/**
 * One image as a JPEG file for a page.
 *
 * @param image - uint8, of 1, 3 or 4 channels.
 * @throws InvalidArgumentError if its data do not fit its shape.
 */
export async function picture(image: RawImage, options: PictureOptions = {}): Promise<Uint8Array> {
  const { maxSidePx = 1600 } = options;
  checkInteger("picture", { maxSidePx }, 1);
  checkImage("picture", "image", image);
  const { width, height, channels, data } = image;
  const jpeg = sharp(data, { raw: { width, height, channels: channels as 1 | 3 | 4 } })
    .toColourspace("srgb")
    .flatten({ background: GROUND })
    .resize(maxSidePx, maxSidePx, { fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: QUALITY });
  return new Uint8Array(await jpeg.toBuffer());
}
