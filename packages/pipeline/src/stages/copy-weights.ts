import { assignWeights, type NamedArrays, type Weight } from "@simclr/core";

/** Copies into `weights` those of the given prefixes; all of them must be among `arrays`. Others stay as they are. */
export function copyWeights(arrays: NamedArrays, weights: readonly Weight[], prefixes: readonly string[]): void {
  const wanted = weights.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
  const subset = Object.fromEntries(
    Object.entries(arrays).filter(([name]) => wanted.some((weight) => weight.name === name)),
  );
  assignWeights(wanted, subset, "the pretrained network");
}
