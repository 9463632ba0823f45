/** Longest time of looking without a pause, before the processor is given to others. */
const SPIN_MS = 0.2;
/** Pause between two looks, after that. */
const PAUSE_MS = 0.05;

type Look = () => void;

/**
 * Waits for the GPU without returning to the event loop.
 *
 * Dawn in Node settles its promises when it looks for finished work, for which it asks the event loop again and again by
 * `setImmediate`, with a function that may be called at any time. That function is kept here, and called.
 */
export class DawnEvents {
  #look: Look | undefined;

  /** Runs `begin`, which must begin an asynchronous call of Dawn; from then on there is something to wait with. */
  learn<T>(begin: () => T): T {
    const asked: Look[] = [];
    const result = instead(asked, begin);
    this.#look ??= asked.at(-1);
    later(asked);
    return result;
  }

  /** Whether `waitWhile` works: not with a Dawn that looks for finished work in another way. */
  get canWait(): boolean {
    return this.#look !== undefined;
  }

  /** Looks for finished work until `isPending` is false. */
  waitWhile(isPending: () => boolean): void {
    const asked: Look[] = [];
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const began = performance.now();
    instead(asked, () => {
      while (isPending()) {
        asked.length = Math.min(asked.length, 1); // each look asks for the next
        this.#look!();
        if (performance.now() - began > SPIN_MS) Atomics.wait(pause, 0, 0, PAUSE_MS);
      }
    });
    later(asked);
  }
}

/** Runs `f`; what it gives to `setImmediate` meanwhile goes to `asked`. */
function instead<T>(asked: Look[], f: () => T): T {
  const { setImmediate } = globalThis;
  globalThis.setImmediate = ((look: Look) => asked.push(look)) as unknown as typeof setImmediate;
  try {
    return f();
  } finally {
    globalThis.setImmediate = setImmediate;
  }
}

/** Dawn asks once and waits for the answer, so that one of its questions must be kept. */
function later(asked: readonly Look[]): void {
  const last = asked.at(-1);
  if (last !== undefined) setImmediate(last);
}
