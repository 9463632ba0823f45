import { checkInteger, InvalidArgumentError, type RawImage } from "@simclr/core";
import sharp from "sharp";
import { checkImage } from "./check-image.js";

export interface ImageSheetOptions {
  /** Edge of the square that each image is fitted into, in pixels, >= 1. @defaultValue 96 */
  readonly tilePx?: number;
  /** Transparent space between the tiles, in pixels, >= 0. @defaultValue 4 */
  readonly gapPx?: number;
  /** Leaves three times the gap after every so many rows, >= 1. @defaultValue no such groups */
  readonly rowsPerGroup?: number;
}

/**
 * Draws images as one PNG with a transparent ground, a row of tiles for each row of images.
 *
 * Small images are enlarged by whole factors with nearest neighbour, so that every pixel stays a sharp square; images
 * larger than a tile are made smaller with Lanczos. All keep their proportions and are centred in their tiles.
 *
 * @param rows - uint8 images of 1, 3 or 4 channels; the rows may differ in length, at least one is not empty.
 * @returns The PNG file, RGBA.
 * @throws InvalidArgumentError if there is no image, or one whose data do not fit its shape.
 */
export async function imageSheet(
  rows: readonly (readonly RawImage[])[],
  options: ImageSheetOptions = {},
): Promise<Uint8Array> {
  const { tilePx = 96, gapPx = 4, rowsPerGroup = rows.length || 1 } = options;
  checkInteger("imageSheet", { tilePx }, 1);
  checkInteger("imageSheet", { gapPx }, 0);
  checkInteger("imageSheet", { rowsPerGroup }, 1);
  const columns = Math.max(0, ...rows.map((row) => row.length));
  if (columns === 0) throw new InvalidArgumentError("imageSheet: `rows` must hold at least one image; received none.");

  const topOf = (row: number) => row * (tilePx + gapPx) + 2 * gapPx * Math.floor(row / rowsPerGroup);
  const width = columns * (tilePx + gapPx) - gapPx;
  const height = topOf(rows.length - 1) + tilePx;
  const sheet = Buffer.alloc(width * height * 4);
  for (const [r, row] of rows.entries()) {
    for (const [c, image] of row.entries()) {
      checkImage("imageSheet", `rows[${r}][${c}]`, image);
      const tile = await fit(image, tilePx);
      const left = c * (tilePx + gapPx) + Math.floor((tilePx - tile.width) / 2);
      const top = topOf(r) + Math.floor((tilePx - tile.height) / 2);
      for (let y = 0; y < tile.height; y++) {
        const line = tile.data.subarray(y * tile.width * 4, (y + 1) * tile.width * 4);
        sheet.set(line, ((top + y) * width + left) * 4);
      }
    }
  }
  const png = sharp(sheet, { raw: { width, height, channels: 4 } }).png({ compressionLevel: 9 });
  return new Uint8Array(await png.toBuffer());
}

interface Tile {
  readonly width: number;
  readonly height: number;
  /** RGBA, row-major. */
  readonly data: Uint8Array;
}

async function fit(image: RawImage, tilePx: number): Promise<Tile> {
  const edge = Math.max(image.height, image.width);
  if (edge <= tilePx) return enlarge(image, Math.floor(tilePx / edge));
  const { width, height, data } = enlarge(image, 1);
  const resized = await sharp(data, { raw: { width, height, channels: 4 } })
    .resize(tilePx, tilePx, { fit: "inside" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: resized.info.width, height: resized.info.height, data: resized.data };
}

/** The image as RGBA, each pixel repeated `factor` times both ways. */
function enlarge({ height, width, channels, data }: RawImage, factor: number): Tile {
  const wide = width * factor;
  const out = new Uint8Array(wide * height * factor * 4);
  for (let y = 0; y < height * factor; y++) {
    for (let x = 0; x < wide; x++) {
      const from = (Math.floor(y / factor) * width + Math.floor(x / factor)) * channels;
      const to = (y * wide + x) * 4;
      out[to] = data[from]!;
      out[to + 1] = data[from + (channels === 1 ? 0 : 1)]!;
      out[to + 2] = data[from + (channels === 1 ? 0 : 2)]!;
      out[to + 3] = channels === 4 ? data[from + 3]! : 255;
    }
  }
  return { width: wide, height: height * factor, data: out };
}
