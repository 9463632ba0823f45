import { checkPositive } from "@simclr/core";
import { defineHook, type TrainerHook, type TrainingRun } from "./hooks.js";

export interface TimeBudgetHookOptions {
  /** > 0. */
  readonly maxMinutes: number;
  /** When the time began to run, as `performance.now()` gives it. @defaultValue when the hook is made */
  readonly startedMs?: number;
}

/**
 * Stops the run with a checkpoint before a step would end after the time is up. It can go on later, with a budget of its own.
 *
 * @throws InvalidArgumentError if `maxMinutes` is out of range.
 */
export function timeBudgetHook({ maxMinutes, startedMs = performance.now() }: TimeBudgetHookOptions): TrainerHook {
  checkPositive("timeBudgetHook", { maxMinutes });
  const endMs = startedMs + 60_000 * maxMinutes;
  let longestMs = 0;
  let lastMs = 0;
  const look = (run: TrainingRun): void => {
    const now = performance.now();
    // The first step is slower than any other, so the estimate errs on the safe side.
    if (lastMs > 0) longestMs = Math.max(longestMs, now - lastMs);
    lastMs = now;
    if (now + longestMs >= endMs) run.requestStop(`the time of ${maxMinutes} minutes is used up`);
  };
  return defineHook({
    name: "time-budget",
    trainStart(run) {
      longestMs = 0;
      lastMs = 0;
      look(run);
    },
    stepEnd: look,
  });
}
