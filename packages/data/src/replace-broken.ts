import type { BatchPlan } from "./batch-order.js";

/**
 * Puts the next sound image of a batch, and its views, in the place of each broken one; which one that is depends on the images
 * alone.
 *
 * @param broken - Places in the batch; not all of them.
 * @param views - float32 [views, N, ...]; changed.
 * @returns The plan of what the batch holds now.
 */
export function replaceBroken(
  plan: BatchPlan,
  broken: readonly number[],
  views: Float32Array,
  count: number,
): BatchPlan {
  const size = plan.indices.length;
  const isBroken = new Set(broken);
  const indices = Int32Array.from(plan.indices);
  const passes = Int32Array.from(plan.passes);
  const length = views.length / (count * size);
  for (const place of broken) {
    let other = place;
    while (isBroken.has(other)) other = (other + 1) % size;
    indices[place] = plan.indices[other]!;
    passes[place] = plan.passes[other]!;
    for (let view = 0; view < count; view++) {
      const from = (view * size + other) * length;
      views.copyWithin((view * size + place) * length, from, from + length);
    }
  }
  return { indices, passes };
}
