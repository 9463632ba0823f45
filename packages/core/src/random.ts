import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { checkInteger } from "./shape.js";

/** One step of a path that names a random stream. */
export type RandomKey = string | number;

type State = readonly [number, number, number, number];

/** What names a stream, as data: it travels to worker threads and back. */
export type StreamKey = State;

/** First 128 bits of the fraction of pi: nothing up the sleeve. */
const ROOT: State = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];

/**
 * A seeded, splittable source of random numbers.
 *
 * A stream is named by a path (`random.fork("augment", epoch, sampleIndex, view)`), so that what is drawn never
 * depends on the order of calls, on a worker or on a rank: the same path gives the same numbers. Forking does not
 * advance the parent, and drawing does not change what a fork gives.
 */
export class Random {
  readonly #key: State;
  #generator: ReturnType<typeof xoroshiro128plusFromState> | undefined;

  private constructor(key: State) {
    this.#key = key;
  }

  /** @param seed - any safe integer >= 0. */
  static fromSeed(seed: number): Random {
    checkInteger("Random.fromSeed", { seed });
    return new Random(absorb(ROOT, seed));
  }

  /** The stream whose `key` this is. */
  static fromKey(key: StreamKey): Random {
    return new Random(key);
  }

  /** Names this stream: `Random.fromKey(random.key)` draws what `random` draws, from its beginning. */
  get key(): StreamKey {
    return this.#key;
  }

  /** The stream at `path` below this one; independent of what was drawn from this one. */
  fork(...path: readonly RandomKey[]): Random {
    let key = this.#key;
    for (const step of path) key = absorb(key, step);
    return new Random(key);
  }

  /** A float64 drawn uniformly from [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * uniformFloat64(this.#source());
  }

  /** An integer drawn uniformly from the half-open range [low, high). */
  integer(low: number, high: number): number {
    return uniformInt(this.#source(), low, high - 1);
  }

  /** True with the given probability. */
  bernoulli(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** A draw from the normal distribution N(0, 1), by Box and Muller's method. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A draw from N(0, 1), drawn again until it lies within two standard deviations. */
  truncatedNormal(): number {
    for (;;) {
      const value = this.normal();
      if (Math.abs(value) <= 2) return value;
    }
  }

  /** A random order of 0 … count - 1 (Fisher and Yates). */
  permutation(count: number): Int32Array {
    const order = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const j = this.integer(0, i + 1);
      order[i] = order[j]!;
      order[j] = i;
    }
    return order;
  }

  #source(): ReturnType<typeof xoroshiro128plusFromState> {
    if (this.#generator === undefined) {
      const [a, b, c, d] = this.#key;
      this.#generator = xoroshiro128plusFromState([a, b, c, d | 1]); // the state may not be all zero
    }
    return this.#generator;
  }
}

function mix(hash: number, value: number): number {
  let h = Math.imul(hash ^ value, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca77);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae3d);
  return h ^ (h >>> 16);
}

function absorbWord([a, b, c, d]: State, word: number): State {
  const a2 = mix(a, word);
  const b2 = mix(b ^ a2, word);
  const c2 = mix(c ^ b2, word);
  return [a2, b2, c2, mix(d ^ c2, word)];
}

function absorb(key: State, step: RandomKey): State {
  if (typeof step === "number") {
    checkInteger("Random.fork", { step });
    const low = absorbWord(key, step | 0);
    return absorbWord(low, Math.floor(step / 2 ** 32) | 0);
  }
  // A length with its top bit set keeps strings apart from numbers and from each other.
  let next = absorbWord(key, step.length | 0x80000000);
  for (let i = 0; i < step.length; i++) next = absorbWord(next, step.charCodeAt(i));
  return next;
}
