/**
 * The candidates that look like `name`: the same but for case or extension, or a few edits away; best first, at
 * most three. For "did you mean" in messages.
 */
export function nearMatches(name: string, candidates: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const allowed = Math.max(1, Math.floor(wanted.length / 4));
  const scored: [number, string][] = [];
  for (const candidate of candidates) {
    const lower = candidate.toLowerCase();
    if (Math.abs(lower.length - wanted.length) > allowed && stem(lower) !== stem(wanted)) continue;
    const distance = stem(lower) === stem(wanted) ? 0 : editDistance(lower, wanted);
    if (distance <= allowed) scored.push([distance, candidate]);
  }
  scored.sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1));
  const exact = scored[0]?.[0] === 0;
  return scored
    .filter(([distance]) => !exact || distance === 0)
    .slice(0, 3)
    .map(([, candidate]) => candidate);
}

/** ` Did you mean "a" or "b"?`, or nothing. */
export function didYouMean(matches: readonly string[]): string {
  return matches.length === 0 ? "" : ` Did you mean ${matches.map((match) => `"${match}"`).join(" or ")}?`;
}

function stem(name: string): string {
  return name.replace(/\.[^./]*$/, "");
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitute, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
