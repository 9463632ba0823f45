import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { Compressors } from "hyparquet";
import { compressors, decompressZstd } from "hyparquet-compressors";

/** A column chunk may unpack to this much whatever it was packed from: long runs of one label pack very well. */
const ALWAYS_ALLOWED_BYTES = 64 << 20;

/** Beyond that, to this many times its size; images are packed already. */
const MAX_RATIO = 1000;

/** Whether a column chunk can unpack to as many bytes as its metadata says. */
export function isPlausibleSize(packedBytes: number, unpackedBytes: number): boolean {
  return unpackedBytes >= 0 && unpackedBytes <= Math.max(ALWAYS_ALLOWED_BYTES, MAX_RATIO * packedBytes);
}

/**
 * The codecs of Parquet, none of which gives more than a page may have: the sizes in page headers and in compressed
 * frames are not to be believed.
 *
 * @param maxPageBytes - Most bytes of an unpacked page.
 */
export function boundedCompressors(maxPageBytes: number): Compressors {
  const bounded =
    (unpack: (input: Uint8Array, length: number) => Uint8Array) =>
    (input: Uint8Array, length: number): Uint8Array => {
      if (!(length >= 0 && length <= maxPageBytes))
        throw new Error(`a page claims ${length} bytes, where its column has ${maxPageBytes}`);
      return unpack(input, length);
    };
  return {
    SNAPPY: bounded(compressors.SNAPPY!),
    LZ4: bounded(compressors.LZ4!),
    LZ4_RAW: bounded(compressors.LZ4_RAW!),
    GZIP: bounded((input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) })),
    BROTLI: bounded((input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) })),
    ZSTD: bounded((input, length) => decompressZstd(input, new Uint8Array(length))),
  };
}
