import type { Refuse } from "./table.js";

/** Reads an unsigned varint of at most 53 bits. @returns Its value, and the position behind it. */
export function readVarint(bytes: Uint8Array, at: number, refuse: Refuse): [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80 && Number.isSafeInteger(value)) return [value, at + i + 1];
  }
  return refuse(`the number at byte ${at} of a block is damaged`);
}
