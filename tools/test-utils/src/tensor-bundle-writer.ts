/**
 * Writes TensorFlow checkpoints for tests, from the description of the format and without any code of the reader.
 */

export interface BundleTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface BundleOptions {
  /** Pack the blocks of the index with snappy. */
  readonly useSnappy?: boolean;
  /** Data files, used in turn. @defaultValue 1 */
  readonly shards?: number;
  /** Entries between two whole keys. @defaultValue 16 */
  readonly restartInterval?: number;
}

export interface BundleFiles {
  readonly index: Uint8Array;
  readonly shards: readonly Uint8Array[];
}

const ENTRIES_PER_BLOCK = 40;

export function writeTensorBundle(
  tensors: Readonly<Record<string, BundleTensor>>,
  { useSnappy = false, shards = 1, restartInterval = 16 }: BundleOptions = {},
): BundleFiles {
  const names = Object.keys(tensors).sort();
  const data: Uint8Array[][] = Array.from({ length: shards }, () => []);
  const lengths = new Array<number>(shards).fill(0);
  const entries: [string, number[]][] = [["", [0x08, ...varint(shards), 0x1a, 2, 0x08, 1]]];
  for (const [i, name] of names.entries()) {
    const { shape, data: values } = tensors[name]!;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const shard = i % shards;
    const dimensions = shape.flatMap((size) => field(2, size === 0 ? [] : [0x08, ...varint(size)]));
    entries.push([
      name,
      [
        ...[0x08, values instanceof Float32Array ? 1 : 9],
        ...field(2, dimensions),
        ...(shard > 0 ? [0x18, ...varint(shard)] : []),
        ...(lengths[shard]! > 0 ? [0x20, ...varint(lengths[shard]!)] : []),
        ...(bytes.length > 0 ? [0x28, ...varint(bytes.length)] : []),
        ...[0x35, ...uint32(masked(crc32c(bytes)))],
      ],
    ]);
    data[shard]!.push(bytes);
    lengths[shard] = lengths[shard]! + bytes.length;
  }
  return { index: table(entries, useSnappy, restartInterval), shards: data.map(concat) };
}

function table(entries: [string, number[]][], useSnappy: boolean, restartInterval: number): Uint8Array {
  const file: number[] = [];
  const put = (block: number[]): number[] => {
    const stored = useSnappy ? snappyLiteral(block) : block;
    const handle = [...varint(file.length), ...varint(stored.length)];
    const checked = [...stored, useSnappy ? 1 : 0];
    for (const byte of [...checked, ...uint32(masked(crc32c(Uint8Array.from(checked))))]) file.push(byte);
    return handle;
  };
  const index: [string, number[]][] = [];
  for (let i = 0; i < entries.length; i += ENTRIES_PER_BLOCK) {
    const part = entries.slice(i, i + ENTRIES_PER_BLOCK);
    index.push([`${part.at(-1)![0]}~`, put(block(part, restartInterval))]);
  }
  const meta = put(block([], restartInterval));
  const footer = [...meta, ...put(block(index, 1))];
  while (footer.length < 40) footer.push(0);
  return Uint8Array.from([...file, ...footer, 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
}

function block(entries: [string, number[]][], restartInterval: number): number[] {
  const out: number[] = [];
  const restarts: number[] = [];
  let before: Uint8Array = new Uint8Array(0);
  for (const [i, [name, value]] of entries.entries()) {
    const key = new TextEncoder().encode(name);
    let shared = 0;
    if (i % restartInterval === 0) restarts.push(out.length);
    else while (shared < Math.min(key.length, before.length) && key[shared] === before[shared]) shared++;
    out.push(
      ...varint(shared),
      ...varint(key.length - shared),
      ...varint(value.length),
      ...key.slice(shared),
      ...value,
    );
    before = key;
  }
  if (restarts.length === 0) restarts.push(0);
  return [...out, ...restarts.flatMap(uint32), ...uint32(restarts.length)];
}

/** Snappy of one literal: its length, then tag 62 (two bytes of length) and the bytes as they are. */
const snappyLiteral = (bytes: number[]): number[] => [
  ...varint(bytes.length),
  ...[61 << 2, (bytes.length - 1) & 0xff, (bytes.length - 1) >> 8],
  ...bytes,
];

const field = (number: number, bytes: number[]): number[] => [(number << 3) | 2, ...varint(bytes.length), ...bytes];

const uint32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
