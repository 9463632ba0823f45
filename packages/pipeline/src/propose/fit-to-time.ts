import type { Effort } from "./propose-recipe.js";

/** Widths of the ResNet-18, and their cost against the first; measured ones differ, which the second trial corrects. */
const WIDTHS = [
  { width: 0.25, cost: 1 },
  { width: 0.5, cost: 3.3 },
  { width: 1, cost: 12 },
] as const;
/** With fewer, a wider network learns less than a narrow one with more. */
const ENOUGH_EPOCHS = 60;
const MOST_EPOCHS = 400;
export const FEWEST_EPOCHS = 5;

/** What a trial of the narrowest network told. */
export interface MeasuredCost {
  /** Of the whole run but for what grows with the epochs. */
  readonly fixedSeconds: number;
  /** Of pretraining and what is as long in proportion. */
  readonly secondsPerEpoch: number;
}

/** The widest network that has epochs enough in the time, else the narrowest; five epochs at least, 400 at most. */
export function fitToTime({ fixedSeconds, secondsPerEpoch }: MeasuredCost, seconds: number): Effort {
  const epochsOf = (cost: number): number =>
    Math.floor((seconds - fixedSeconds * Math.sqrt(cost)) / (secondsPerEpoch * cost));
  const { width, cost } = [...WIDTHS].reverse().find(({ cost }) => epochsOf(cost) >= ENOUGH_EPOCHS) ?? WIDTHS[0];
  return { width, epochs: clampEpochs(epochsOf(cost)) };
}

export const clampEpochs = (epochs: number): number => Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, epochs));
