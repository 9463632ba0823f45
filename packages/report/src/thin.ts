import type { CurvePoint } from "./report-data.js";

/**
 * Thins a curve to at most `limit` of its own points, keeping its first, its last and the extremes of every stretch.
 *
 * @param limit - Most points to keep, >= 4.
 */
export function thin(points: readonly CurvePoint[], limit: number): readonly CurvePoint[] {
  if (points.length <= limit) return points;
  const last = points.length - 1;
  const buckets = Math.floor((limit - 2) / 2);
  const kept = [points[0]!];
  for (let b = 0; b < buckets; b++) {
    const start = 1 + Math.floor((b * (last - 1)) / buckets);
    const end = 1 + Math.floor(((b + 1) * (last - 1)) / buckets);
    let low = start;
    let high = start;
    for (let i = start + 1; i < end; i++) {
      if (points[i]!.value < points[low]!.value) low = i;
      if (points[i]!.value > points[high]!.value) high = i;
    }
    kept.push(points[Math.min(low, high)]!);
    if (low !== high) kept.push(points[Math.max(low, high)]!);
  }
  kept.push(points[last]!);
  return kept;
}

/** Centred moving average: each value becomes the mean of those at most `reach` places away from it. */
export function smooth(points: readonly CurvePoint[], reach: number): CurvePoint[] {
  const sums = new Float64Array(points.length + 1);
  points.forEach(({ value }, i) => {
    sums[i + 1] = sums[i]! + value;
  });
  return points.map(({ step }, i) => {
    const start = Math.max(0, i - reach);
    const end = Math.min(points.length, i + reach + 1);
    return { step, value: (sums[end]! - sums[start]!) / (end - start) };
  });
}

/** Whether a curve goes up and down so much that its course is hard to see: it travels over four times its range. */
export function isNoisy(points: readonly CurvePoint[]): boolean {
  let [low, high, way] = [Infinity, -Infinity, 0];
  points.forEach(({ value }, i) => {
    low = Math.min(low, value);
    high = Math.max(high, value);
    way += Math.abs(value - (points[i - 1]?.value ?? value));
  });
  return way > 4 * (high - low);
}
