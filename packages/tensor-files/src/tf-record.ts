import { maskedCrc32c } from "./tensor-bundle/crc32c.js";

/** Length and its checksum before the data, the data's checksum after it. */
const FRAME_BYTES = 16;

/**
 * One record of a TFRecord file, in which TensorFlow keeps examples and TensorBoard keeps events: length (uint64), checksum of
 * the length, data, checksum of the data; little-endian, checksums as masked CRC-32C.
 *
 * @param data - Copied.
 */
export function encodeTfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + FRAME_BYTES);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}
