import { type Watchdog, watchdog } from "./watchdog.js";

/**
 * How much longer than a collective a barrier may take: ranks wait there while the first one measures and writes alone.
 */
const BARRIER_PATIENCE = 12;

/**
 * Watches and counts what a rank waits for the others: a wait longer than the limit ends this process, and the launcher then
 * all others. A rank that is stopped or hangs cannot notice itself; those that wait for it do.
 */
export class Waits {
  readonly #dog: Watchdog;
  readonly #limitMs: number;
  #pending = 0;
  #began = 0;
  #waitedMs = 0;

  /** @param limitMs - Longest wait in a collective, > 0; a barrier may take 12 times as long. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#dog = watchdog({ limitMs });
    this.#dog.pause();
  }

  /** Milliseconds in which at least one collective was under way. */
  get waitedMs(): number {
    return this.#waitedMs + (this.#pending > 0 ? performance.now() - this.#began : 0);
  }

  inBlocking<R>(call: () => R): R {
    this.#enter();
    try {
      return call();
    } finally {
      this.#leave();
    }
  }

  async inCollective<R>(call: () => Promise<R>): Promise<R> {
    this.#enter();
    try {
      return await call();
    } finally {
      this.#leave();
    }
  }

  async inBarrier<R>(call: () => Promise<R>): Promise<R> {
    this.#enter(BARRIER_PATIENCE);
    try {
      return await call();
    } finally {
      this.#leave();
    }
  }

  stop(): Promise<void> {
    return this.#dog.stop();
  }

  #enter(patience = 1): void {
    if (this.#pending++ === 0) this.#began = performance.now();
    this.#dog.beat(patience * this.#limitMs);
  }

  #leave(): void {
    this.#pending--;
    if (this.#pending > 0) {
      this.#dog.beat(this.#limitMs);
    } else {
      this.#waitedMs += performance.now() - this.#began;
      this.#dog.pause();
    }
  }
}
