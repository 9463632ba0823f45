import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { Refuse } from "./table.js";

/** Types of TensorFlow's `DataType` that checkpoints of networks hold. */
const TYPES: Readonly<Record<number, string>> = {
  ...{ 1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8" },
  ...{ 7: "string", 9: "int64", 10: "bool", 14: "bfloat16", 19: "float16" },
};

/** What the index says of one tensor: message `BundleEntryProto`. */
export interface BundleEntry {
  /** Such as `float32`; `type 42` where unknown. */
  readonly type: string;
  readonly shape: readonly number[];
  /** Number of the data file. */
  readonly shard: number;
  /** In bytes, in the data file. */
  readonly offset: number;
  readonly size: number;
  /** Masked CRC-32C of the bytes. */
  readonly checksum: number;
  /** Whether the tensor was saved in pieces under other keys. */
  readonly isSliced: boolean;
}

/** Message `BundleHeaderProto`, the value of the empty key. */
export interface BundleHeader {
  readonly shards: number;
}

/** @throws through `refuse` if the message is damaged, or the file is of a big-endian machine. */
export function decodeHeader(bytes: Uint8Array, refuse: Refuse): BundleHeader {
  const fields = numbersOf(bytes, refuse);
  if ((fields.get(2) ?? 0) !== 0) refuse("it was written by a big-endian machine");
  return { shards: fields.get(1) ?? 0 };
}

/** @throws through `refuse` if the message is damaged. */
export function decodeEntry(bytes: Uint8Array, refuse: Refuse): BundleEntry {
  const shape: number[] = [];
  let isSliced = false;
  const fields = numbersOf(bytes, refuse, (field, message) => {
    if (field === 7) isSliced = true;
    if (field !== 2) return;
    numbersOf(message, refuse, (inner, dimension) => {
      if (inner === 2) shape.push(numbersOf(dimension, refuse).get(1) ?? 0);
    });
  });
  const type = fields.get(1) ?? 0;
  return {
    type: TYPES[type] ?? `type ${type}`,
    shape,
    shard: fields.get(3) ?? 0,
    offset: fields.get(4) ?? 0,
    size: fields.get(5) ?? 0,
    checksum: fields.get(6) ?? 0,
    isSliced,
  };
}

/** The numbers of a protocol buffer by field; each field of bytes is handed to `onBytes`. */
function numbersOf(
  bytes: Uint8Array,
  refuse: Refuse,
  onBytes: (field: number, value: Uint8Array) => void = () => {},
): Map<number, number> {
  const numbers = new Map<number, number>();
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (wireType === 0) numbers.set(field, Number(reader.uint64()));
      else if (wireType === 5) numbers.set(field, reader.fixed32());
      else if (wireType === 2) onBytes(field, reader.bytes());
      else reader.skip(wireType, field);
    }
  } catch (error) {
    if (error instanceof RangeError || error instanceof Error) return refuse(`an entry is damaged (${error.message})`);
    throw error;
  }
  return numbers;
}
