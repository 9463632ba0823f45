import { fstatSync } from "node:fs";

const OUTPUT_AND_ERRORS = [1, 2];
const LIMIT_MS = 1000;
const POLL_MS = 2;

/**
 * Blocks until what was written to these descriptors has been read, where they are pipes: a launcher may leave unread what a
 * rank wrote last when it ends that rank (MPICH's Hydra loses every twelfth message on two busy cores), and with it why all
 * ranks end.
 *
 * @param unread - Bytes that wait in a pipe, given its descriptor.
 * @param descriptors - By default this process's output and errors.
 * @param limitMs - Longest wait: who never reads must not keep a rank alive.
 */
export function untilRead(
  unread: (descriptor: number) => number,
  descriptors: readonly number[] = OUTPUT_AND_ERRORS,
  limitMs = LIMIT_MS,
): void {
  const pipes = descriptors.filter(isPipe);
  const end = performance.now() + limitMs;
  while (pipes.some((descriptor) => unread(descriptor) > 0) && performance.now() < end) sleep(POLL_MS);
}

function isPipe(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFIFO();
  } catch {
    return false; // closed
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
