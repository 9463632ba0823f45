/** Tar works in blocks of this many bytes. */
export const TAR_BLOCK = 512;

/** What a 512-byte tar header says. */
export interface TarHeader {
  /** Member name, with the ustar prefix joined. */
  readonly name: string;
  /** Bytes of content that follow the header. */
  readonly size: number;
  /** The type flag: `0` file, `5` folder, `L` GNU long name, `x` and `g` pax records, … */
  readonly type: string;
}

/** A header that cannot be right; the reader adds the shard and the position. */
export class TarHeaderProblem extends Error {}

/** Whether a block holds zeros alone: the end-of-archive marker. */
export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/**
 * Reads a tar header: v7, ustar, pax or GNU.
 *
 * @param block - 512 bytes.
 * @throws TarHeaderProblem if the checksum or a number does not fit.
 * @see POSIX.1-2017, pax, "ustar Interchange Format"
 */
export function parseTarHeader(block: Uint8Array): TarHeader {
  const checksum = readNumber(block, 148, 8, "checksum");
  let sum = 0;
  let signedSum = 0; // some old tools summed signed bytes
  for (let i = 0; i < TAR_BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : block[i]!;
    sum += byte;
    signedSum += byte < 128 ? byte : byte - 256;
  }
  if (checksum !== sum && checksum !== signedSum)
    throw new TarHeaderProblem(`its header's checksum is ${checksum}, but its bytes sum to ${sum}`);
  const name = readText(block, 0, 100);
  const prefix = readText(block, 257, 6) === "ustar" && block[262] === 0 ? readText(block, 345, 155) : "";
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    size: readNumber(block, 124, 12, "size"),
    type: block[156] === 0 ? "0" : String.fromCharCode(block[156]!),
  };
}

/** Text up to the first NUL. */
export function readText(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** Reads pax records, `<length> <key>=<value>\n` each. */
export function parsePaxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < bytes.length && bytes[at] !== 0) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(readText(bytes, at, space - at));
    const equals = bytes.indexOf(0x3d, space);
    if (
      !(Number.isSafeInteger(length) && length > 0 && at + length <= bytes.length && equals > 0 && equals < at + length)
    )
      throw new TarHeaderProblem("its pax records are damaged");
    records.set(readText(bytes, space + 1, equals - space - 1), readText(bytes, equals + 1, at + length - equals - 2));
    at += length;
  }
  return records;
}

/** An octal number, or GNU's base-256 for large ones. */
function readNumber(block: Uint8Array, start: number, length: number, what: string): number {
  if ((block[start]! & 0x80) !== 0) {
    let value = block[start]! & 0x7f;
    for (let i = start + 1; i < start + length; i++) value = value * 256 + block[i]!;
    if (!Number.isSafeInteger(value)) throw new TarHeaderProblem(`its ${what} is not a number`);
    return value;
  }
  const text = readText(block, start, length).trim();
  if (!/^[0-7]*$/.test(text)) throw new TarHeaderProblem(`its ${what} is not a number`);
  return text === "" ? 0 : Number.parseInt(text, 8);
}
