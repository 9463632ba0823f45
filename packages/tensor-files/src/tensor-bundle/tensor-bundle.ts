import { CheckpointError, type NamedArray } from "@simclr/core";
import { type FloatType, floatsFrom } from "../float-types.js";
import { type BundleEntry, decodeEntry, decodeHeader } from "./bundle-entry.js";
import { maskedCrc32c } from "./crc32c.js";
import { type Refuse, readTable } from "./table.js";
import { readVarint } from "./varint.js";

const FLOATS = new Set<string>(["float64", "float32", "float16", "bfloat16"] satisfies FloatType[]);
/** Checksum of the lengths, between them and the characters of a tensor of strings. */
const LENGTHS_CHECKSUM_BYTES = 4;

/** Gives `length` bytes of a data file, from `offset` on; fewer where the file ends. */
export type ReadShard = (shard: number, offset: number, length: number) => Promise<Uint8Array>;

/** A checkpoint of TensorFlow 1 or 2: names and values of tensors. */
export interface TensorBundle {
  /** How many data files there are. */
  readonly shards: number;
  /** By name, in the order of the index. */
  readonly entries: ReadonlyMap<string, BundleEntry>;
  /**
   * Reads one tensor of floating-point numbers and verifies its checksum.
   *
   * @throws CheckpointError naming the tensor, if it is missing, of another type, cut short or altered.
   */
  read(name: string): Promise<NamedArray>;
  /** Reads the only element of a tensor of strings, as bytes. @throws CheckpointError like `read`. */
  readBytes(name: string): Promise<Uint8Array>;
}

/**
 * Opens a TensorFlow checkpoint ("tensor bundle") from the bytes of `<prefix>.index`. The index is read and verified at
 * once, the data when it is asked for.
 *
 * @param where - Name of the checkpoint, for messages.
 * @throws CheckpointError if the index is not one, was cut short or altered.
 */
export function openTensorBundle(index: Uint8Array, readShard: ReadShard, where: string): TensorBundle {
  const refuse: Refuse = (problem) => {
    throw new CheckpointError(
      `${where}.index is not a valid TensorFlow checkpoint: ${problem}. Copy or download the checkpoint's files again.`,
      { subject: `${where}.index` },
    );
  };
  const table = readTable(index, refuse);
  const [first, ...rest] = table;
  if (first?.[0] !== "") return refuse("it has no header");
  const { shards } = decodeHeader(first[1], refuse);
  const entries = new Map(rest.map(([name, value]) => [name, decodeEntry(value, refuse)]));

  const readRaw = async (name: string): Promise<[BundleEntry, Uint8Array]> => {
    const entry = entries.get(name);
    const fail = (problem: string): never => {
      throw new CheckpointError(
        `${where}: the tensor "${name}" cannot be used: ${problem}. Copy or download the checkpoint's files again.`,
        { subject: name },
      );
    };
    if (entry === undefined) return fail("it is missing");
    if (entry.isSliced) return fail("it was saved in slices, which are not supported");
    const bytes = await readShard(entry.shard, entry.offset, entry.size);
    if (bytes.length < entry.size) return fail(`its data is cut short, ${bytes.length} of ${entry.size} bytes`);
    if (maskedCrc32c(entry.type === "string" ? summedBytes(bytes, refuse) : bytes) !== entry.checksum)
      return fail("it was altered (its CRC-32C does not match)");
    return [entry, bytes];
  };

  return {
    shards,
    entries,
    async read(name) {
      const [{ type, shape }, bytes] = await readRaw(name);
      if (!FLOATS.has(type))
        throw new CheckpointError(
          `${where}: the tensor "${name}" must hold floating-point numbers; it holds ${type}. Leave it out, or load another checkpoint.`,
          { subject: name, expected: "float32", received: type },
        );
      const data = floatsFrom(bytes, type as FloatType);
      const count = shape.reduce((product, size) => product * size, 1);
      if (data.length !== count) return refuse(`"${name}" of shape [${shape.join(", ")}] holds ${data.length} values`);
      return { shape, data };
    },
    async readBytes(name) {
      const [{ type, shape }, bytes] = await readRaw(name);
      if (type !== "string" || shape.length !== 0)
        return refuse(`"${name}" is ${type} [${shape.join(", ")}], where one string is expected`);
      const [length, start] = readVarint(bytes, 0, refuse);
      const text = bytes.subarray(start + LENGTHS_CHECKSUM_BYTES);
      if (text.length !== length) return refuse(`"${name}" has ${text.length} bytes, where ${length} are announced`);
      return text;
    },
  };
}

/** What the checksum of one string is taken over: its length as a 32-bit number where the file has a varint. */
function summedBytes(bytes: Uint8Array, refuse: Refuse): Uint8Array {
  const [length, start] = readVarint(bytes, 0, refuse);
  const summed = new Uint8Array(4 + bytes.length - start);
  new DataView(summed.buffer).setUint32(0, length, true);
  summed.set(bytes.subarray(start), 4);
  return summed;
}
