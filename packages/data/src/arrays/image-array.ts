import { DataError, type ImageShape, type RawImage } from "@simclr/core";
import type { ResolvedOpenOptions } from "../open-options.js";
import type { ArrayFile } from "./array-file.js";
import type { NumberType } from "./npy-header.js";
import { numberReader } from "./numbers.js";

/** How the images lie in an array. */
export interface ImageLayout extends ImageShape {
  /** Number of images, >= 1. */
  readonly count: number;
  /** Bytes of one image in the file. */
  readonly imageBytes: number;
  /** The values that become 0 and 255. */
  readonly range: readonly [number, number];
  /** Channel after channel instead of pixel after pixel. */
  readonly planar: boolean;
}

/** @throws DataError unless the array has the shape of images, and a type whose range is known. */
export function imageLayout(
  { name, shape, type }: ArrayFile,
  { layout, range, maxPixels }: ResolvedOpenOptions,
): ImageLayout {
  const planar = layout === "NCHW";
  const [count = 0, a = 0, b = 0, c = 1] = shape;
  const [height, width, channels] = planar && shape.length === 4 ? [b, c, a] : [a, b, c];
  if (shape.length < 3 || shape.length > 4 || shape.some((length) => length < 1))
    throw new DataError(
      `${name}: must have the shape [N, H, W, C] or [N, H, W] of at least one image; received [${shape.join(", ")}]. Reshape it, or name another array with \`columns\`.`,
      { subject: name, expected: "[N, H, W, C]", received: `[${shape.join(", ")}]` },
    );
  if (!planar && shape.length === 4 && a < 5 && c > 16)
    throw new DataError(
      `${name}: its shape [${shape.join(", ")}] looks like [N, C, H, W]. Pass \`layout\` "NCHW", or transpose it to [N, H, W, C].`,
      { subject: name, expected: "[N, H, W, C]", received: `[${shape.join(", ")}]` },
    );
  if (height * width > maxPixels)
    throw new DataError(
      `${name}: its images have ${height}×${width} pixels, more than \`maxPixels\` (${maxPixels}). Raise it if they are meant to.`,
      { subject: name, expected: `at most ${maxPixels}`, received: String(height * width) },
    );
  const ends = range ?? usualRange(type);
  if (ends === undefined)
    throw new DataError(
      `${name}: holds signed integers, which have no usual range. Pass \`range\`, the values that become black and white.`,
      { subject: "range", expected: "[low, high]" },
    );
  const imageBytes = height * width * channels * type.bytes;
  return { count, height, width, channels, imageBytes, range: ends, planar };
}

/**
 * One image of an array: `range` becomes [0, 255], rounded.
 *
 * @param id - Name of the image, for messages.
 * @throws DataError if a value is not a number in the range.
 */
export function toImage(bytes: Uint8Array, type: NumberType, layout: ImageLayout, id: string): RawImage {
  const { height, width, channels, planar } = layout;
  const [low, high] = layout.range;
  const read = numberReader(type, bytes);
  const data = new Uint8Array(height * width * channels);
  const pixels = height * width;
  for (let i = 0; i < data.length; i++) {
    const value = read(i);
    if (!(value >= low && value <= high))
      throw new DataError(
        `${id}: holds the value ${value}, outside of [${low}, ${high}]. Pass \`range\` with the lowest and the highest value of the images, or clip them.`,
        { subject: id, expected: `[${low}, ${high}]`, received: String(value) },
      );
    const at = planar ? (i % pixels) * channels + Math.floor(i / pixels) : i;
    data[at] = Math.round(((value - low) * 255) / (high - low));
  }
  return { data, height, width, channels };
}

function usualRange({ kind, bytes }: NumberType): [number, number] | undefined {
  if (kind === "f" || kind === "b") return [0, 1];
  return kind === "u" ? [0, 2 ** (8 * bytes) - 1] : undefined;
}
