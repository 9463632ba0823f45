declare module "snappyjs" {
  /** Unpacks the raw snappy format. @throws if `compressed` is damaged, or would take more than `maxLength` bytes. */
  export function uncompress(compressed: Uint8Array, maxLength?: number): Uint8Array;
}

declare module "crc-32/crc32c.js" {
  const crc32c: {
    /** CRC-32C (Castagnoli) as a signed 32-bit number. */
    buf(data: Uint8Array, seed?: number): number;
  };
  export default crc32c;
}
