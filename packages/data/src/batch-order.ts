import type { Random } from "@simclr/core";

/** Which images a batch holds. */
export interface BatchPlan {
  /** Indices into the data set, [N]. */
  readonly indices: Int32Array;
  /** Which pass over the images each of them belongs to, [N]; the epoch itself unless passes run on across epochs. */
  readonly passes: Int32Array;
}

export interface BatchOrderOptions {
  /** Indices into the data set of the images to go through. */
  readonly indices: Int32Array;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly repeat: boolean;
  readonly random: Random;
  /** Which part of every batch is given out. */
  readonly share: BatchShare;
}

/** One rank's part of every batch: the `rank`-th of `size` equal ones. */
export interface BatchShare {
  /** 0 … size - 1. */
  readonly rank: number;
  readonly size: number;
}

/**
 * The order of images: a pure function of (epoch, step), so that a run can go on in the middle of an epoch.
 *
 * Pass p over the images goes in the order `random.fork("order", p).permutation(size)`. Without `repeat` epoch e is
 * pass e. With `repeat` passes follow each other without a gap and batches are cut from that endless row, so every
 * batch is full and every image comes equally often.
 */
export class BatchOrder {
  readonly stepsPerEpoch: number;
  readonly #options: BatchOrderOptions;
  readonly #passes = new Map<number, Int32Array>();

  constructor(options: BatchOrderOptions) {
    const { indices, batchSize, dropLast, repeat } = options;
    this.#options = options;
    const steps = indices.length / batchSize;
    this.stepsPerEpoch = dropLast && !repeat ? Math.floor(steps) : Math.ceil(steps);
  }

  plan(epoch: number, step: number): BatchPlan {
    const { indices, batchSize, repeat, share } = this.#options;
    const size = indices.length;
    const start = (repeat ? epoch * this.stepsPerEpoch + step : step) * batchSize;
    const whole = repeat ? batchSize : Math.min(batchSize, size - start);
    const begin = Math.floor((share.rank * whole) / share.size);
    const first = start + begin;
    const count = Math.floor(((share.rank + 1) * whole) / share.size) - begin;
    const plan: BatchPlan = { indices: new Int32Array(count), passes: new Int32Array(count) };
    for (let i = 0; i < count; i++) {
      const pass = repeat ? Math.floor((first + i) / size) : epoch;
      plan.passes[i] = pass;
      plan.indices[i] = indices[this.#pass(pass)[(first + i) % size]!]!;
    }
    return plan;
  }

  #pass(pass: number): Int32Array {
    let order = this.#passes.get(pass);
    if (order === undefined) {
      const { indices, shuffle, random } = this.#options;
      order = shuffle ? random.fork("order", pass).permutation(indices.length) : Int32Array.from(indices.keys());
      // A batch may cross from one pass into the next; older passes are not needed again.
      for (const earlier of this.#passes.keys()) if (Math.abs(earlier - pass) > 1) this.#passes.delete(earlier);
      this.#passes.set(pass, order);
    }
    return order;
  }
}
