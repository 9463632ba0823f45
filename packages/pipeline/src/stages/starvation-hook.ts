import { type AdvisedLoader, starvationAdvice } from "@simclr/data";
import { defineHook, type TrainerHook } from "@simclr/trainer";

/** Steps at the beginning that wait for threads to start and say nothing. */
const WARM_UP_STEPS = 5;
/** Steps that a share is taken over. */
const WINDOW = 20;
/** Share of the time spent waiting for data that is worth a warning. */
const NOTABLE_SHARE = 0.1;

/** Warns once when training waits for data: how much, where the loader's time goes, and what helps. */
export function starvationHook(loader: AdvisedLoader, warn: (text: string) => void): TrainerHook {
  let steps = 0;
  let waitMs = 0;
  let totalMs = 0;
  let warned = false;
  return defineHook({
    name: "starvation",
    stepEnd(_, { dataWaitMs, stepMs }) {
      if (warned || ++steps <= WARM_UP_STEPS) return;
      waitMs += dataWaitMs;
      totalMs += dataWaitMs + stepMs;
      if ((steps - WARM_UP_STEPS) % WINDOW !== 0) return;
      const share = waitMs / totalMs;
      [waitMs, totalMs] = [0, 0];
      if (share < NOTABLE_SHARE) return;
      warned = true;
      warn(
        `warning: training waited for data ${Math.round(100 * share)} % of the last ${WINDOW} steps. ${starvationAdvice(loader)}`,
      );
    },
  });
}
