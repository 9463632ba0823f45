import crc32c from "crc-32/crc32c.js";

/** Added after the rotation, as LevelDB and TensorFlow do, so that a file of checksums has an unlike checksum. */
const MASK_DELTA = 0xa282ead8;

/** CRC-32C (Castagnoli) of `bytes`, masked as TensorFlow stores it. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c.buf(bytes, 0) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
