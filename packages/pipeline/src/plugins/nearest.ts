import { distance } from "fastest-levenshtein";

/** ` Did you mean "…"?` with the known name that is a few edits away, or nothing. */
export function nearest(name: string, known: readonly string[]): string {
  const [best] = known.map((other) => ({ other, far: distance(name, other) })).sort((a, b) => a.far - b.far);
  return best && best.far <= Math.max(2, name.length / 3) ? ` Did you mean "${best.other}"?` : "";
}
