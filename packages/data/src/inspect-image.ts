import { createHash } from "node:crypto";
import type { RawImage } from "@simclr/core";
import sharp from "sharp";
import { type DecodeSettings, decodeImage } from "./decode-image.js";

/** What an image turned out to be. */
export interface InspectedImage {
  readonly height: number;
  readonly width: number;
  /** As it is stored: `jpeg srgb`, `png srgb with alpha`, `tiff b-w 16 bit`; or the number of channels, where it is not encoded. */
  readonly kind: string;
  /** SHA-256 of shape and pixels. */
  readonly hash: string;
}

/** Decodes a whole image, as training would, and says what it was. */
export async function inspectEncoded(encoded: Uint8Array, settings: DecodeSettings): Promise<InspectedImage> {
  const image = await decodeImage(encoded, settings);
  const { format, space, hasAlpha, depth } = await sharp(encoded, { limitInputPixels: settings.maxPixels }).metadata();
  const bits = depth === "ushort" ? " 16 bit" : depth === "uchar" || depth === undefined ? "" : ` ${depth}`;
  return inspected(image, `${format} ${space}${hasAlpha ? " with alpha" : ""}${bits}`);
}

/** The same for an image that is decoded already. */
export function inspectDecoded(image: RawImage): InspectedImage {
  return inspected(image, `${image.channels} ${image.channels === 1 ? "channel" : "channels"}`);
}

function inspected({ data, height, width, channels }: RawImage, kind: string): InspectedImage {
  const hash = createHash("sha256").update(`${height} ${width} ${channels};`).update(data).digest("base64");
  return { height, width, kind, hash };
}
