/** Element-wise reduction over ranks. */
export type Reduction = "sum" | "mean" | "max";

/**
 * Collectives that block until every rank has made them, for use inside a gradient, which cannot wait. Few values only: the
 * event loop stands still meanwhile.
 */
export interface BlockingCollectives {
  /** Reduces `values` over all ranks, in place. */
  allReduce(values: Float32Array, reduction: Reduction): void;
  /** The values of all ranks, in rank order, [size * values.length]. */
  allGather(values: Float32Array): Float32Array;
  /** Reduces [size * n] values over all ranks and gives this rank its n. */
  reduceScatter(values: Float32Array, reduction: Reduction): Float32Array;
}

/**
 * Talks to the other ranks of a data-parallel run. Every rank must make the same calls in the same order.
 * Buffers are borrowed until the promise settles.
 */
export interface Communicator {
  /** 0 … size - 1. */
  readonly rank: number;
  /** Number of ranks. */
  readonly size: number;
  /** Milliseconds that this rank has spent in collectives, waiting for the others included; undefined where nobody counts. */
  readonly waitedMs?: number | undefined;
  /** Absent where ranks share a thread and cannot wait for each other. */
  readonly blocking?: BlockingCollectives | undefined;
  /** Reduces `values` over all ranks, in place. */
  allReduce(values: Float32Array, reduction: Reduction): Promise<void>;
  /** The values of all ranks, in rank order, [size * values.length]. */
  allGather(values: Float32Array): Promise<Float32Array>;
  /** Reduces [size * n] values over all ranks and gives this rank its n. */
  reduceScatter(values: Float32Array, reduction: Reduction): Promise<Float32Array>;
  /** Overwrites `values` with those of `root`, in place. */
  broadcast(values: Float32Array, root: number): Promise<void>;
  barrier(): Promise<void>;
  /** Ends all ranks with an error. */
  abort(reason: string): Promise<void>;
  close(): Promise<void>;
}

/** One process: every collective is the identity. */
export function singleProcess(): Communicator {
  return {
    rank: 0,
    size: 1,
    blocking: {
      allReduce: () => {},
      allGather: (values) => values.slice(),
      reduceScatter: (values) => values.slice(),
    },
    allReduce: async () => {},
    allGather: async (values) => values.slice(),
    reduceScatter: async (values) => values.slice(),
    broadcast: async () => {},
    barrier: async () => {},
    abort: async (reason) => {
      throw new Error(reason);
    },
    close: async () => {},
  };
}
