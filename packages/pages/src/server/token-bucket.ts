/** Lets so many requests pass a second, and so many at once after a pause. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  #level: number;
  #lastMs: number;

  /** @param now - Milliseconds that never go back. @defaultValue performance.now */
  constructor(perSecond: number, burst: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#now = now;
    this.#level = burst;
    this.#lastMs = now();
  }

  /** Whether one more may pass; it is then counted. */
  take(): boolean {
    const nowMs = this.#now();
    this.#level = Math.min(this.#burst, this.#level + ((nowMs - this.#lastMs) / 1000) * this.#perSecond);
    this.#lastMs = nowMs;
    if (this.#level < 1) return false;
    this.#level -= 1;
    return true;
  }
}
