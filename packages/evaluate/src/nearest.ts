/**
 * The `k` best of a stream of candidates, as a binary heap with the worst of them on top. A higher similarity is better;
 * of equal ones the one that came first is.
 */
export class Nearest {
  /** Similarities of the candidates held, in the order of the heap, [k]. */
  readonly similarities: Float32Array;
  /** Their indices, [k]. */
  readonly indices: Int32Array;

  /** @param k - How many to keep, >= 1. */
  constructor(k: number) {
    this.similarities = new Float32Array(k);
    this.indices = new Int32Array(k);
  }

  /** Keeps the best of a row of `k` similarities or more, in place of what was held before. */
  select(row: Float32Array): void {
    const { similarities, indices } = this;
    const k = similarities.length;
    for (let i = 0; i < k; i++) {
      similarities[i] = row[i]!;
      indices[i] = i;
    }
    for (let i = (k >> 1) - 1; i >= 0; i--) this.#sink(i);
    let worst = similarities[0]!;
    for (let i = k; i < row.length; i++) {
      // Candidates come in the order of their indices, so one that is only as good as the worst stays out.
      if (!(row[i]! > worst)) continue;
      similarities[0] = row[i]!;
      indices[0] = i;
      this.#sink(0);
      worst = similarities[0]!;
    }
  }

  /** Whether the candidate at `a` is worse than that at `b`. */
  #worse(a: number, b: number): boolean {
    const difference = this.similarities[a]! - this.similarities[b]!;
    return difference < 0 || (difference === 0 && this.indices[a]! > this.indices[b]!);
  }

  #sink(start: number): void {
    const { similarities, indices } = this;
    const size = similarities.length;
    let parent = start;
    for (;;) {
      const left = 2 * parent + 1;
      if (left >= size) return;
      const right = left + 1;
      const child = right < size && this.#worse(right, left) ? right : left;
      if (!this.#worse(child, parent)) return;
      const similarity = similarities[parent]!;
      const index = indices[parent]!;
      similarities[parent] = similarities[child]!;
      indices[parent] = indices[child]!;
      similarities[child] = similarity;
      indices[child] = index;
      parent = child;
    }
  }
}
