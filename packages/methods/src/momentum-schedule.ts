import type { MethodProgress } from "./define-method.js";

/**
 * The momentum of a target network: from `start` at step 0 to 1 at the end, along half a cosine.
 *
 * @see Grill et al. 2020, arXiv:2006.07733, section 3.2
 */
export function momentumAt(start: number, { step, totalSteps }: MethodProgress): number {
  return 1 - ((1 - start) * (Math.cos((Math.PI * step) / totalSteps) + 1)) / 2;
}
