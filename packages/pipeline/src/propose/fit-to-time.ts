import type { Effort } from "./propose-recipe.js";

/** Widths of the ResNet-18, and their cost against the first; measured ones differ, which the second trial corrects. */
const WIDTHS = [
  { width: 0.25, cost: 1 },
  { width: 0.5, cost: 3.3 },
  { width: 1, cost: 12 },
] as const;
/** With fewer, a wider network learns less than a narrow one with more. */
const ENOUGH_EPOCHS = 60;
/** With fewer, large views teach less than small ones with more. */
const ENOUGH_FOR_SIZE = 40;
const MOST_EPOCHS = 400;
export const FEWEST_EPOCHS = 5;

/** What a trial of the narrowest network with the largest views told. */
export interface MeasuredCost {
  /** Of the whole run but for what grows with the epochs. */
  readonly fixedSeconds: number;
  /** Of pretraining and what is as long in proportion. */
  readonly secondsPerEpoch: number;
}

/**
 * The widest network that has epochs enough in the time; else the narrowest, with the largest views that leave it enough, or the
 * smallest. Five epochs at least, 400 at most.
 *
 * @param sizes - Sides that views may have, ascending; the last one was tried.
 */
export function fitToTime(
  { fixedSeconds, secondsPerEpoch }: MeasuredCost,
  sizes: readonly number[],
  seconds: number,
): Effort {
  const largest = sizes.at(-1)!;
  const epochsOf = (width: number, imageSize: number): number => {
    const cost = WIDTHS.find((each) => each.width === width)!.cost * (imageSize / largest) ** 2;
    return Math.floor((seconds - fixedSeconds * Math.sqrt(cost)) / (secondsPerEpoch * cost));
  };
  const { width } = [...WIDTHS].reverse().find((each) => epochsOf(each.width, largest) >= ENOUGH_EPOCHS) ?? WIDTHS[0];
  const imageSize = [...sizes].reverse().find((size) => epochsOf(width, size) >= ENOUGH_FOR_SIZE) ?? sizes[0]!;
  return { width, imageSize, epochs: clampEpochs(epochsOf(width, imageSize)) };
}

export const clampEpochs = (epochs: number): number => Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, epochs));
