import { checkInRange, checkInteger, type Random } from "@simclr/core";
import { UMAP } from "umap-js";
import { checkMatrix } from "./labels.js";
import { nearestNeighbours } from "./nearest-neighbours.js";

export interface EmbeddingMapOptions {
  /** Row-major [N, D], finite. */
  readonly features: Float32Array;
  /** D, >= 1. */
  readonly dimension: number;
  /** Neighbours of each row that the map keeps near, >= 2; fewer where there are fewer rows. @defaultValue 15 */
  readonly neighbours?: number;
  /** How near points may come to each other, in [0, 1]: the smaller, the denser the groups. @defaultValue 0.1 */
  readonly minDistance?: number;
  /** Draws where points begin and what pushes them apart. */
  readonly random: Random;
}

/**
 * A map of features in the plane, made by UMAP on cosines: near points have like features; distances between groups, their sizes and
 * the axes mean nothing. Exact neighbours, so that the same features and seed give the same map. Quadratic in N: a
 * few thousand rows at most.
 *
 * @returns Row-major [N, 2], in [0, 1]; all in the middle where there are fewer than four rows, which no map can tell apart.
 * @throws InvalidArgumentError (rejects) if arrays do not fit or a feature is not finite.
 * @see McInnes et al. 2018, arXiv:1802.03426
 */
export async function embeddingMap(options: EmbeddingMapOptions): Promise<Float32Array> {
  const { features, dimension, neighbours = 15, minDistance = 0.1, random } = options;
  checkInteger("embeddingMap", { dimension }, 1);
  checkInteger("embeddingMap", { neighbours }, 2);
  checkInRange("embeddingMap", { minDistance }, 0, 1);
  const count = checkMatrix("embeddingMap", { features }, dimension);
  if (count < 4) return new Float32Array(2 * count).fill(0.5);
  // Each row is its own first neighbour, as UMAP wants it.
  const found = await nearestNeighbours({ queries: features, features, dimension, k: Math.min(neighbours, count - 1) });
  const rowOf = <T>(values: ArrayLike<T>, row: number): T[] =>
    Array.from({ length: found.k }, (_, n) => values[row * found.k + n]!);
  const stream = random.fork("umap");
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: found.k,
    minDist: minDistance,
    random: () => stream.uniform(),
  });
  umap.setPrecomputedKNN(
    Array.from({ length: count }, (_, row) => rowOf(found.indices, row)),
    // On unit rows, |a - b|² = 2 - 2 cos.
    Array.from({ length: count }, (_, row) =>
      rowOf(found.similarities, row).map((cosine) => Math.sqrt(Math.max(0, 2 - 2 * cosine))),
    ),
  );
  const points = umap.fit(Array.from({ length: count }, (_, row) => [row]));
  return toUnitSquare(points);
}

/** Stretched to fill the square in each direction, which loses nothing: distances between groups mean nothing. */
function toUnitSquare(points: readonly (readonly number[])[]): Float32Array {
  const [low, high] = [Math.min, Math.max].map((of) => [0, 1].map((axis) => of(...points.map((p) => p[axis]!))));
  return Float32Array.from(
    points.flatMap((point) =>
      point.map((value, axis) => {
        const extent = high![axis]! - low![axis]!;
        return extent > 0 ? (value - low![axis]!) / extent : 0.5;
      }),
    ),
  );
}
