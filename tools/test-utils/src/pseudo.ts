/**
 * Numbers in [-1, 1) made from a name: a 32-bit linear congruential generator seeded by the FNV-1a hash of the name. The
 * scripts that make fixtures have the same function, so that values need not be stored.
 */
export function pseudo(name: string, count: number): Float64Array {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return values;
}
