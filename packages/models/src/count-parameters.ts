import type { Weight } from "@simclr/core";
import type { WeightSpec } from "./weight-spec.js";

export interface ParameterCount {
  /** Numbers that training adjusts. */
  readonly trainable: number;
  /** Running means and variances. */
  readonly statistics: number;
}

/** Counts the numbers in weights, or in the specifications of weights. */
export function countParameters(weights: readonly (Weight | WeightSpec)[]): ParameterCount {
  const count = { trainable: 0, statistics: 0 };
  for (const weight of weights) {
    const shape = "variable" in weight ? weight.variable.shape : weight.shape;
    const size = shape.reduce((product, length) => product * length, 1);
    count[weight.role === "statistic" ? "statistics" : "trainable"] += size;
  }
  return count;
}
