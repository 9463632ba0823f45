/** Floating-point types that float32 values are made of. */
export type FloatType = "float64" | "float32" | "float16" | "bfloat16";

/**
 * Float32 values of little-endian bytes: exact for all types but float64, which is rounded.
 *
 * @returns A copy, wherever `bytes` begins.
 */
export function floatsFrom(bytes: Uint8Array, type: FloatType): Float32Array {
  const { buffer } = bytes.slice(); // aligned
  switch (type) {
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return Float32Array.from(new Float64Array(buffer));
    case "bfloat16": {
      const bits = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
      return new Float32Array(bits.buffer);
    }
    case "float16":
      return Float32Array.from(new Uint16Array(buffer), fromHalf);
  }
}

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent with bias 15, 10 of fraction. */
function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
