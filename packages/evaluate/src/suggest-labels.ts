import { checkInteger, InvalidArgumentError, type Random } from "@simclr/core";
import { kMeans } from "./k-means.js";
import { checkMatrix } from "./labels.js";
import { nearestNeighbours } from "./nearest-neighbours.js";
import { rowsAt } from "./rows-at.js";
import { unitRows } from "./unit-rows.js";

/** Neighbours whose mean distance makes an image typical. */
const NEIGHBOURS = 20;

export interface SuggestLabelsOptions {
  /** Of all images, row-major [N, D], finite. */
  readonly features: Float32Array;
  /** D, >= 1. */
  readonly dimension: number;
  /** How many images to suggest, >= 1; together with the labelled ones at most N. */
  readonly count: number;
  /** Images that have a label already; their clusters come last. @defaultValue none */
  readonly labelled?: ArrayLike<number>;
  readonly random: Random;
}

/**
 * Which images to label next, the most useful first: typical ones of different kinds. The unit features are clustered into as
 * many groups as there will be labels; the largest groups without a label each give their most typical image, that with the
 * smallest mean distance from its 20 nearest neighbours in the group.
 *
 * @returns Rows of `features`, [count], each once and none of `labelled`.
 * @throws InvalidArgumentError if arrays do not fit, a feature is not finite, or there are too few images.
 * @see Hacohen et al. 2022, arXiv:2202.02794 (TypiClust)
 */
export async function suggestLabels(options: SuggestLabelsOptions): Promise<Int32Array> {
  const { features, dimension, count, labelled = [], random } = options;
  checkInteger("suggestLabels", { dimension }, 1);
  checkInteger("suggestLabels", { count }, 1);
  const rows = checkMatrix("suggestLabels", { features }, dimension);
  const known = new Set(Array.from(labelled));
  const outside = [...known].find((row) => !Number.isInteger(row) || row < 0 || row >= rows);
  if (outside !== undefined || known.size + count > rows) {
    const what =
      outside === undefined
        ? `\`count\` and the ${known.size} labelled images must be at most ${rows} images together; received a count of ${count}. Ask for fewer.`
        : `\`labelled\` must hold rows of the ${rows} features; received ${outside}. Remove it.`;
    throw new InvalidArgumentError(`suggestLabels: ${what}`, { subject: outside === undefined ? "count" : "labelled" });
  }
  const unit = unitRows(features, dimension);
  const k = Math.min(known.size + count, rows);
  const { clusters } = await kMeans({ features: unit, dimension, k, random });
  const groups = Array.from({ length: k }, (): number[] => []);
  for (const [row, cluster] of clusters.entries()) groups[cluster]!.push(row);
  const covered = groups.map((group) => group.filter((row) => known.has(row)).length);
  const taken = new Set(known);
  const chosen: number[] = [];
  while (chosen.length < count) {
    // Fewest labels first, then the largest; a group without an image left never comes.
    const [next] = [...groups.keys()]
      .filter((g) => groups[g]!.some((row) => !taken.has(row)))
      .sort((a, b) => covered[a]! - covered[b]! || groups[b]!.length - groups[a]!.length);
    const row = await mostTypical(unit, dimension, groups[next!]!, taken);
    taken.add(row);
    covered[next!]! += 1;
    chosen.push(row);
  }
  return Int32Array.from(chosen);
}

async function mostTypical(
  unit: Float32Array,
  dimension: number,
  group: readonly number[],
  taken: ReadonlySet<number>,
): Promise<number> {
  const features = rowsAt(unit, dimension, group);
  // The first neighbour of a row is itself.
  const found = await nearestNeighbours({ queries: features, features, dimension, k: NEIGHBOURS + 1 });
  let best = { row: -1, distance: Infinity };
  for (const [i, row] of group.entries()) {
    if (taken.has(row)) continue;
    let distance = 0;
    // On unit rows, |a - b|² = 2 - 2 cos.
    for (let n = 0; n < found.k; n++)
      distance += Math.sqrt(Math.max(0, 2 - 2 * found.similarities[i * found.k + n]!)) / found.k;
    if (distance < best.distance) best = { row, distance };
  }
  return best.row;
}
