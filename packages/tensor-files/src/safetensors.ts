import { CheckpointError, type NamedArray, type NamedArrays } from "@simclr/core";
import { type FloatType, floatsFrom } from "./float-types.js";

/** Longest header that is read, as in the reference implementation of the format. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
const METADATA = "__metadata__";

/** What a safetensors file holds. */
export interface Safetensors {
  readonly arrays: NamedArrays;
  /** The strings of `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file of another program: what float32 can hold, and the names of the rest. */
export interface ForeignSafetensors extends Safetensors {
  /** Tensors that hold no floating-point numbers, such as counters, with their types. */
  readonly others: Readonly<Record<string, string>>;
}

/** Bytes of a value, by type of the format. */
const TYPE_BYTES: Readonly<Record<string, number>> = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E5M2: 1 },
  ...{ I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 },
};
const FLOATS: Readonly<Record<string, FloatType>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

/** One tensor of a header, checked: with `data` inside the file and overlapping no other. */
interface Entry {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  /** In bytes after the header. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Writes float32 arrays in the safetensors format: names in sorted order, data aligned to 8 bytes.
 *
 * @returns The file as consecutive pieces; all but the first are views of the arrays.
 * @throws CheckpointError if an array's length does not match its shape.
 * @see https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors({ arrays, metadata }: Safetensors): Uint8Array[] {
  const header: [string, unknown][] = [[METADATA, metadata]];
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (const name of Object.keys(arrays).sort()) {
    const { shape, data } = arrays[name]!;
    if (name === METADATA || elementCount(shape) !== data.length)
      throw new CheckpointError(
        `encodeSafetensors: "${name}" of shape [${shape.join(", ")}] holds ${data.length} values; expected as many as the shape says, and another name than "${METADATA}".`,
        { subject: name },
      );
    header.push([name, { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] }]);
    pieces.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const head = new Uint8Array(LENGTH_BYTES + headerBytes).fill(0x20); // padded with spaces
  new DataView(head.buffer).setBigUint64(0, BigInt(headerBytes), true);
  head.set(json, LENGTH_BYTES);
  return [head, ...pieces];
}

/**
 * Reads a whole safetensors file of float32 tensors. Every offset is checked before a value is read.
 *
 * @param where - Name of the file, for messages.
 * @returns Copies of the data.
 * @throws CheckpointError saying what is wrong with the file, or which tensor is of another type.
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): Safetensors {
  const { entries, metadata, data, refuse } = readHeader(bytes, where);
  for (const { name, type } of entries)
    if (type !== "F32") refuse(`"${name}" has dtype "${type}", where "F32" is expected`);
  return { arrays: readFloats(entries, data), metadata };
}

/**
 * Reads a whole safetensors file that another program wrote: float64, float16 and bfloat16 become float32.
 *
 * @param where - Name of the file, for messages.
 * @returns Copies of the data.
 * @throws CheckpointError saying what is wrong with the file.
 */
export function decodeForeignSafetensors(bytes: Uint8Array, where: string): ForeignSafetensors {
  const { entries, metadata, data } = readHeader(bytes, where);
  const others = entries.filter(({ type }) => !Object.hasOwn(FLOATS, type)).map(({ name, type }) => [name, type]);
  const floats = entries.filter(({ type }) => Object.hasOwn(FLOATS, type));
  return { arrays: readFloats(floats, data), metadata, others: Object.fromEntries(others) };
}

type Refuse = (problem: string) => never;

interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** What follows the header. */
  readonly data: Uint8Array;
  readonly refuse: Refuse;
}

function readHeader(bytes: Uint8Array, where: string): Header {
  const refuse: Refuse = (problem) => {
    throw new CheckpointError(`${where} is not a valid safetensors file: ${problem}. Copy or save it again.`, {
      subject: where,
    });
  };
  if (bytes.length < LENGTH_BYTES)
    refuse(`it has ${bytes.length} bytes, less than the ${LENGTH_BYTES} of a header length`);
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const available = bytes.length - LENGTH_BYTES;
  if (headerBytes > Math.min(available, MAX_HEADER_BYTES))
    refuse(
      `the header claims ${headerBytes} bytes, where at most ${Math.min(available, MAX_HEADER_BYTES)} are possible`,
    );
  const dataStart = LENGTH_BYTES + headerBytes;
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart), refuse);
  const { [METADATA]: metadata = {}, ...tensors } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string"))
    refuse(`${METADATA} must hold strings only`);
  const entries = Object.entries(tensors).map(([name, value]) => checkEntry(name, value, refuse));
  checkLayout(entries, bytes.length - dataStart, refuse);
  return { entries, metadata: metadata as Record<string, string>, data: bytes.subarray(dataStart), refuse };
}

function readFloats(entries: readonly Entry[], data: Uint8Array): NamedArrays {
  const arrays = entries.map(({ name, type, shape, begin, end }): [string, NamedArray] => [
    name,
    { shape, data: floatsFrom(data.subarray(begin, end), FLOATS[type]!) },
  ]);
  return Object.fromEntries(arrays);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function parseHeader(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    return refuse(`the header is not JSON (${(error as Error).message})`);
  }
  return isRecord(header) ? header : refuse("the header is not a JSON object");
}

function checkEntry(name: string, value: unknown, refuse: Refuse): Entry {
  if (!isRecord(value)) return refuse(`the entry of "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(TYPE_BYTES, dtype))
    return refuse(
      `"${name}" has dtype ${JSON.stringify(dtype)}, which is not one of ${Object.keys(TYPE_BYTES).join(", ")}`,
    );
  if (!Array.isArray(shape) || !shape.every(isCount) || !isCount(elementCount(shape)))
    return refuse(`"${name}" has shape ${JSON.stringify(shape)}, where a list of sizes is expected`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return refuse(`"${name}" has data_offsets ${JSON.stringify(offsets)}, where two byte offsets are expected`);
  const [begin, end] = offsets as [number, number];
  const size = TYPE_BYTES[dtype]! * elementCount(shape);
  if (end - begin !== size)
    return refuse(
      `"${name}" of shape [${shape.join(", ")}] must take ${size} bytes, its data_offsets give ${end - begin}`,
    );
  return { name, type: dtype, shape, begin, end };
}

/** The tensors must cover the data without gap or overlap. */
function checkLayout(entries: readonly Entry[], dataBytes: number, refuse: Refuse): void {
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered)
      refuse(`"${name}" begins at byte ${begin} and overlaps the tensor before it, which ends at ${covered}`);
    if (begin > covered) refuse(`the bytes ${covered} to ${begin}, before "${name}", belong to no tensor`);
    covered = end;
  }
  if (covered > dataBytes) refuse(`its tensors need ${covered} bytes of data, it has ${dataBytes}: it was cut short`);
  if (covered < dataBytes) refuse(`${dataBytes - covered} bytes after the last tensor belong to none`);
}
