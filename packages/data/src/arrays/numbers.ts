import type { NumberType } from "./npy-header.js";

/** Reads number `index` of some bytes. */
export type NumberReader = (index: number) => number;

/** Reads the numbers of a type out of bytes; integers of 64 bits lose what float64 cannot hold. */
export function numberReader({ kind, bytes, littleEndian: little }: NumberType, data: Uint8Array): NumberReader {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (kind === "f") {
    if (bytes === 2) return (i) => halfToNumber(view.getUint16(2 * i, little));
    return bytes === 4 ? (i) => view.getFloat32(4 * i, little) : (i) => view.getFloat64(8 * i, little);
  }
  if (kind === "i") {
    if (bytes === 1) return (i) => view.getInt8(i);
    if (bytes === 2) return (i) => view.getInt16(2 * i, little);
    return bytes === 4 ? (i) => view.getInt32(4 * i, little) : (i) => Number(view.getBigInt64(8 * i, little));
  }
  if (bytes === 1) return (i) => view.getUint8(i);
  if (bytes === 2) return (i) => view.getUint16(2 * i, little);
  return bytes === 4 ? (i) => view.getUint32(4 * i, little) : (i) => Number(view.getBigUint64(8 * i, little));
}

/** IEEE 754 binary16. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
