/** What holds tensors until it is disposed. */
interface Disposable {
  dispose(): void;
}

/** The networks of one sitting of a run: each is disposed once nobody needs it, all at the end, however that comes. */
export class Networks {
  readonly #held = new Set<Disposable>();

  /** Takes ownership. */
  own<T extends Disposable>(network: T): T {
    this.#held.add(network);
    return network;
  }

  /** Frees a network of the sitting before its end. */
  dispose(network: Disposable): void {
    if (this.#held.delete(network)) network.dispose();
  }

  disposeAll(): void {
    for (const network of this.#held) this.dispose(network);
  }
}
