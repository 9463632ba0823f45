// How close ranks must be to one process.
import { difference } from "./launch.mjs";

/** What is compared of the first step, and what may lie between two orders of a float32 sum. */
const FIRST_STEP = ["loss", "gradients", "statistics"];
const ROUNDING = 1e-5;
/** Weights after some steps, in which rounding grows. */
const MOST = 1e-3;
/** How far a planted mistake must be off in the first step. */
const SEEN = 1e-2;

/**
 * Differences of one task, relative to the largest number, and what each may be: rounding in the first step; in the weights thrice
 * what one process differs from itself when it rounds otherwise, or rounding where that is less.
 *
 * @param again - One process with another number of threads, or with each weight rounded otherwise at the start; undefined where
 * nobody made it.
 */
export function distances(actual, expected, again) {
  const last = Math.max(...Object.keys(actual.weights).map(Number));
  const noise = again ? difference(again.weights[last], expected.weights[last]) : 0;
  return [
    ...FIRST_STEP.map((part) => ({ part, distance: difference(actual[part], expected[part]), limit: ROUNDING })),
    {
      part: `weights after ${last} steps`,
      distance: difference(actual.weights[last], expected.weights[last]),
      limit: Math.min(MOST, Math.max(3 * noise, ROUNDING)),
    },
  ];
}

/** How far a planted mistake is off in the first step, where it is most, and whether that is enough to be seen. */
export function mistakeDistance(actual, expected) {
  const distance = Math.max(...FIRST_STEP.map((part) => difference(actual[part], expected[part])));
  return { distance, isSeen: distance > SEEN };
}
