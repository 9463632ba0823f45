import { uncompress } from "snappyjs";
import { maskedCrc32c } from "./crc32c.js";
import { readVarint } from "./varint.js";

const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** Type of compression and checksum, behind every block. */
const TRAILER_BYTES = 5;
/** No block of an index is longer when unpacked. */
const MAX_BLOCK_BYTES = 2 ** 30;

export type Refuse = (problem: string) => never;

/** Where a block lies in the file. */
interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/**
 * Reads a sorted string table, the LevelDB format in which TensorFlow writes `<prefix>.index`. Every block's checksum is
 * verified.
 *
 * @param bytes - The whole file.
 * @param refuse - Throws an error about the file.
 * @returns Its keys and values, in order.
 * @see https://github.com/google/leveldb/blob/main/doc/table_format.md
 */
export function readTable(bytes: Uint8Array, refuse: Refuse): [key: string, value: Uint8Array][] {
  if (bytes.length < FOOTER_BYTES) refuse(`it has ${bytes.length} bytes, less than the ${FOOTER_BYTES} of a footer`);
  const footer = bytes.subarray(bytes.length - FOOTER_BYTES);
  const magic = new DataView(footer.buffer, footer.byteOffset).getBigUint64(FOOTER_BYTES - 8, true);
  if (magic !== MAGIC) refuse("it does not end like an index of TensorFlow: it was cut short, or is another file");
  let at = 0;
  const next = (): number => {
    const [value, end] = readVarint(footer, at, refuse);
    at = end;
    return value;
  };
  const meta: BlockHandle = { offset: next(), size: next() };
  const index: BlockHandle = { offset: next(), size: next() };
  readBlock(bytes, meta, refuse); // which TensorFlow leaves empty; verified like the others
  return readBlock(bytes, index, refuse).flatMap(([, handle]) => {
    const [offset, end] = readVarint(handle, 0, refuse);
    const [size] = readVarint(handle, end, refuse);
    return readBlock(bytes, { offset, size }, refuse).map(([key, value]): [string, Uint8Array] => [
      new TextDecoder().decode(key),
      value,
    ]);
  });
}

/** The entries of one block: each key is given as what it has in common with the one before, and the rest. */
function readBlock(file: Uint8Array, handle: BlockHandle, refuse: Refuse): [Uint8Array, Uint8Array][] {
  const block = unpack(file, handle, refuse);
  const damaged = (): never => refuse(`the block at byte ${handle.offset} is damaged`);
  if (block.length < 4) damaged();
  const restarts = new DataView(block.buffer, block.byteOffset).getUint32(block.length - 4, true);
  const end = block.length - 4 * (restarts + 1);
  const entries: [Uint8Array, Uint8Array][] = [];
  let key: Uint8Array = new Uint8Array(0);
  let at = 0;
  while (at < end) {
    const [shared, afterShared] = readVarint(block, at, refuse);
    const [unshared, afterUnshared] = readVarint(block, afterShared, refuse);
    const [length, start] = readVarint(block, afterUnshared, refuse);
    at = start + unshared + length;
    if (shared > key.length || at > end) damaged();
    const next = new Uint8Array(shared + unshared);
    next.set(key.subarray(0, shared));
    next.set(block.subarray(start, start + unshared), shared);
    key = next;
    entries.push([key, block.subarray(start + unshared, at)]);
  }
  return entries;
}

function unpack(file: Uint8Array, { offset, size }: BlockHandle, refuse: Refuse): Uint8Array {
  const end = offset + size + TRAILER_BYTES;
  if (end > file.length) refuse(`it was cut short: a block ends at byte ${end}, the file at ${file.length}`);
  const checksum = new DataView(file.buffer, file.byteOffset).getUint32(offset + size + 1, true);
  if (maskedCrc32c(file.subarray(offset, offset + size + 1)) !== checksum)
    refuse(`the block at byte ${offset} was altered (its CRC-32C does not match)`);
  const block = file.subarray(offset, offset + size);
  const compression = file[offset + size];
  if (compression === 0) return block;
  if (compression === 1) return uncompress(block, MAX_BLOCK_BYTES);
  return refuse(`the block at byte ${offset} has compression ${compression}, where 0 (none) or 1 (snappy) is expected`);
}
