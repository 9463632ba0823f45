import { type Communicator, checkInteger, type Reduction } from "@simclr/core";

/** What one rank brings to a collective call. */
interface Arrival {
  readonly call: string;
  readonly values: Float32Array;
  readonly resolve: (all: readonly Float32Array[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Ranks that live in one process and meet in memory, for tests: run the same asynchronous function on each, as
 * `Promise.all(meetingRanks(3).map(train))`. A call settles when all ranks have made it.
 *
 * Ranks that make different calls, or bring different numbers of values, get an error, where MPI might hang.
 *
 * @param size - Number of ranks, >= 1.
 */
export function meetingRanks(size: number): Communicator[] {
  checkInteger("meetingRanks", { size }, 1);
  let arrivals: (Arrival | undefined)[] = [];
  const aborted: { reason?: string } = {};

  const meet = (rank: number, call: string, values: Float32Array): Promise<readonly Float32Array[]> => {
    if (aborted.reason !== undefined) return Promise.reject(new Error(`another rank aborted: ${aborted.reason}`));
    return new Promise((resolve, reject) => {
      arrivals[rank] = { call, values: values.slice(), resolve, reject };
      const all = arrivals.filter((each) => each !== undefined);
      if (all.length < size) return;
      arrivals = [];
      const calls = all.map((each) => `${each.call} of ${each.values.length} values`);
      const same = calls.every((each) => each === calls[0]);
      const error = new Error(`ranks make different calls: ${calls.join(", ")}`);
      for (const each of all) same ? each.resolve(all.map((other) => other.values)) : each.reject(error);
    });
  };
  return Array.from(
    { length: size },
    (_, rank) =>
      new MeetingRank(rank, size, meet, aborted, () => {
        const waiting = arrivals;
        arrivals = [];
        for (const each of waiting) each?.reject(new Error(`another rank aborted: ${aborted.reason}`));
      }),
  );
}

type Meet = (rank: number, call: string, values: Float32Array) => Promise<readonly Float32Array[]>;

class MeetingRank implements Communicator {
  constructor(
    readonly rank: number,
    readonly size: number,
    private readonly meet: Meet,
    private readonly aborted: { reason?: string },
    private readonly release: () => void,
  ) {}

  async allReduce(values: Float32Array, reduction: Reduction): Promise<void> {
    values.set(reduce(await this.meet(this.rank, `allReduce ${reduction}`, values), reduction));
  }

  async allGather(values: Float32Array): Promise<Float32Array> {
    const all = await this.meet(this.rank, "allGather", values);
    const gathered = new Float32Array(values.length * this.size);
    for (const [rank, part] of all.entries()) gathered.set(part, rank * values.length);
    return gathered;
  }

  async reduceScatter(values: Float32Array, reduction: Reduction): Promise<Float32Array> {
    const reduced = reduce(await this.meet(this.rank, `reduceScatter ${reduction}`, values), reduction);
    const part = values.length / this.size;
    return reduced.slice(this.rank * part, (this.rank + 1) * part);
  }

  async broadcast(values: Float32Array, root: number): Promise<void> {
    values.set((await this.meet(this.rank, `broadcast from ${root}`, values))[root]!);
  }

  async barrier(): Promise<void> {
    await this.meet(this.rank, "barrier", new Float32Array(0));
  }

  async abort(reason: string): Promise<void> {
    this.aborted.reason = reason;
    this.release();
    throw new Error(reason);
  }

  async close(): Promise<void> {}
}

/** In rank order, in float32, as one process would add them up. */
function reduce(all: readonly Float32Array[], reduction: Reduction): Float32Array {
  const result = all[0]!.slice();
  for (const values of all.slice(1)) {
    for (let i = 0; i < result.length; i++) {
      result[i] = reduction === "max" ? Math.max(result[i]!, values[i]!) : result[i]! + values[i]!;
    }
  }
  return reduction === "mean" ? result.map((value) => value / all.length) : result;
}
