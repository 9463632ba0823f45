import type { Communicator } from "./communicator.js";

/** Bytes, such as those of a text, or float32 values, which are compared bit by bit. */
export type Comparable = Uint8Array | Float32Array;

/**
 * Whether all ranks hold the same values, by 64 bits of hash; collective.
 *
 * @param parts - Hashed as one row.
 * @returns the ranks whose values differ from rank 0's, the same on every rank; empty if none do.
 */
export async function ranksThatDiffer(communicator: Communicator, parts: readonly Comparable[]): Promise<number[]> {
  if (communicator.size === 1) return [];
  const own = hash(parts);
  const all = await communicator.allGather(Float32Array.from(own));
  const differs = (rank: number): boolean => own.some((_, i) => all[rank * own.length + i] !== all[i]);
  return Array.from({ length: communicator.size }, (_, rank) => rank).filter(differs);
}

/** FNV-1a in two lanes, over words or bytes, and a trace of their number, as integers that float32 holds exactly. */
function hash(parts: readonly Comparable[]): number[] {
  let [a, b, count] = [0x811c9dc5, 0x1b873593, 0];
  for (const part of parts) {
    const words = part instanceof Uint8Array ? part : new Uint32Array(part.buffer, part.byteOffset, part.length);
    count += words.length;
    for (let i = 0; i < words.length; i++) {
      a = Math.imul(a ^ words[i]!, 0x01000193);
      b = Math.imul(b ^ words[i]!, 0x85ebca6b) ^ (b >>> 15);
    }
  }
  return [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff, count % 65536];
}
