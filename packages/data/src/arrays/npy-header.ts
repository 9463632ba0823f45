import { DataError } from "@simclr/core";

/** Longest header that is believed; NumPy itself reads 10,000 characters. */
const MAX_HEADER_BYTES = 1 << 16;

/** Bytes before the text of the header: magic, version, length. */
const PREFIX_BYTES = 12;

/** First bytes of a file that are enough to read any header. */
export const NPY_HEAD_BYTES = PREFIX_BYTES + MAX_HEADER_BYTES;

/** How numbers are stored. */
export interface NumberType {
  /** `b` boolean, `u` unsigned, `i` signed, `f` float. */
  readonly kind: "b" | "u" | "i" | "f";
  /** Bytes of a number. */
  readonly bytes: 1 | 2 | 4 | 8;
  readonly littleEndian: boolean;
}

export interface NpyHeader {
  readonly type: NumberType;
  readonly shape: readonly number[];
  /** Where the numbers start, in bytes. */
  readonly dataStart: number;
  /** Bytes of all numbers. */
  readonly dataBytes: number;
}

const SIZES: Readonly<Record<NumberType["kind"], readonly number[]>> = {
  b: [1],
  u: [1, 2, 4, 8],
  i: [1, 2, 4, 8],
  f: [2, 4, 8],
};

/**
 * Reads the header of an array in NumPy's format, version 1 to 3.
 *
 * @param bytes - The first `NPY_HEAD_BYTES` of the file, or all of a shorter one.
 * @param where - The file, for messages.
 * @throws DataError if it is no such header, or one of an array that holds no plain numbers in C order.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function parseNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  const bad = (problem: string, fix = "Save it again with numpy.save"): never => {
    throw new DataError(`${where}: is not an array that can be read: ${problem}. ${fix}.`, {
      subject: where,
      expected: "an array of numbers in NumPy's format",
    });
  };
  const magic = [0x93, ...Buffer.from("NUMPY")];
  if (bytes.length < PREFIX_BYTES || magic.some((byte, i) => bytes[i] !== byte))
    bad("it does not start with NumPy's mark");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6]!;
  if (major < 1 || major > 3) bad(`its format has version ${major}, where 1 to 3 are known`);
  const textStart = major === 1 ? 10 : PREFIX_BYTES;
  const textBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (textBytes > MAX_HEADER_BYTES || textStart + textBytes > bytes.length)
    bad(`its header claims ${textBytes} bytes, where at most ${Math.min(MAX_HEADER_BYTES, bytes.length)} are possible`);
  const text = new TextDecoder("latin1").decode(bytes.subarray(textStart, textStart + textBytes));
  const descriptor = /'descr'\s*:\s*'([<>|=]?)([a-zA-Z])(\d+)'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shapeText = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text);
  if (descriptor === null || order === null || shapeText === null)
    return bad("its header does not name one type of numbers, an order and a shape");
  if (order[1] === "True") bad("its numbers are in Fortran order", "Save numpy.ascontiguousarray(images) instead");
  const [, endian, kind = "", size = ""] = descriptor;
  if (!Object.hasOwn(SIZES, kind) || !SIZES[kind as NumberType["kind"]].includes(Number(size)))
    bad(
      `it holds numbers of type "${kind}${size}"`,
      "Expected booleans, integers of up to 64 or floats of 16 to 64 bits; convert it with astype",
    );
  const type = { kind, bytes: Number(size), littleEndian: endian !== ">" } as NumberType;
  const shape = shapeText[1]!
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
  const dataBytes = shape.reduce((product, length) => product * length, type.bytes);
  if (!Number.isSafeInteger(dataBytes) || !shape.every(Number.isSafeInteger))
    bad(`its shape (${shape.join(", ")}) holds more numbers than any file`);
  return { type, shape, dataStart: textStart + textBytes, dataBytes };
}
