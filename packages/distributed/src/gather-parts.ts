import type { Communicator } from "@simclr/core";

/**
 * Rows of numbers of any length from every rank, each rank's as it was brought, in rank order; collective.
 *
 * @param own - Borrowed until the promise settles; may be empty.
 * @returns one array a rank, the same on every rank.
 */
export async function gatherParts(communicator: Communicator, own: Float32Array): Promise<Float32Array[]> {
  const { size } = communicator;
  if (size === 1) return [own.slice()];
  // A float32 holds integers below 2^24 exactly: the length travels in two parts.
  const digits = await communicator.allGather(Float32Array.of(Math.floor(own.length / 65536), own.length % 65536));
  const lengths = Array.from({ length: size }, (_, rank) => digits[2 * rank]! * 65536 + digits[2 * rank + 1]!);
  const longest = Math.max(...lengths);
  if (longest === 0) return lengths.map(() => new Float32Array(0));
  const padded = new Float32Array(longest);
  padded.set(own);
  const all = await communicator.allGather(padded);
  return lengths.map((length, rank) => all.subarray(rank * longest, rank * longest + length));
}
