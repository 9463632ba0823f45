/** How often a kernel ran in this process. */
export interface KernelCalls {
  /** In the addon. */
  readonly native: number;
  /** In tfjs's cpu backend, with the operands copied to the host and the results back. */
  readonly host: number;
}

/** The same, for who counts. */
export type KernelCounter = { -readonly [K in keyof KernelCalls]: KernelCalls[K] };

const counters = new Map<string, KernelCounter>();

/** The counter of a kernel, for who runs it. */
export function callsOf(kernelName: string): KernelCounter {
  let counter = counters.get(kernelName);
  if (!counter) {
    counter = { native: 0, host: 0 };
    counters.set(kernelName, counter);
  }
  return counter;
}

/**
 * How often each kernel of the backend has run since the process began, and where: what is slow because it runs on the
 * host shows here. Kernels that have not run are there with zeros.
 * @returns A copy, by name of the kernel; it does not follow later calls.
 */
export function kernelCalls(): ReadonlyMap<string, KernelCalls> {
  return new Map([...counters].map(([name, calls]) => [name, { ...calls }]));
}
