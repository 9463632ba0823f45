/** How the formats that are decoded start: texts, as latin1, at an offset. */
const SIGNATURES: readonly (readonly [offset: number, ...starts: readonly string[]])[] = [
  [0, "\xff\xd8\xff"], // JPEG
  [0, "\x89PNG\r\n\x1a\n"],
  [0, "GIF87a", "GIF89a"],
  [8, "WEBP"],
  [0, "II*\0", "II+\0", "MM\0*", "MM\0+"], // TIFF and BigTIFF, of either byte order
  [4, "ftypavif", "ftypavis", "ftypmif1", "ftypmsf1"], // AVIF
];

const SIGNATURE_BYTES = 16;

/**
 * Throws unless bytes start as an image does. Decoders go by content: without this, a file that is called `.jpg` could
 * be an SVG, whose text may name other files.
 */
export function checkImageSignature(encoded: Uint8Array): void {
  if (encoded.length === 0) throw new Error("the file is empty");
  const head = Buffer.from(encoded.buffer, encoded.byteOffset, Math.min(SIGNATURE_BYTES, encoded.length));
  const text = head.toString("latin1");
  if (SIGNATURES.some(([offset, ...starts]) => starts.some((start) => text.startsWith(start, offset)))) return;
  throw new Error(`it starts with ${JSON.stringify(text.slice(0, 8))}, as no JPEG, PNG, WebP, GIF, TIFF or AVIF does`);
}
