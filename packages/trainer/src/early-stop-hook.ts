import { checkChoice, checkInRange, checkInteger } from "@simclr/core";
import { defineHook, type TrainerHook, type TrainingRun } from "./hooks.js";

export interface EarlyStopHookOptions {
  /** Of an `evaluate` event, or of an epoch: `meanLoss` or one of its metrics. */
  readonly metric: string;
  /** Whether more or less is better. @defaultValue "max" */
  readonly mode?: "min" | "max";
  /** The run ends when so many values in a row were no better than the best one before, >= 1. */
  readonly patience: number;
  /** By how much a value must be better to count, >= 0. @defaultValue 0 */
  readonly minimumGain?: number;
}

/**
 * Ends the run, as done, once a metric has stopped to improve. A resumed run goes on with the best value and the count, and
 * one that had ended does not begin again.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export function earlyStopHook(options: EarlyStopHookOptions): TrainerHook {
  const { metric, mode = "max", patience, minimumGain = 0 } = options;
  checkChoice("earlyStopHook", { mode }, ["min", "max"]);
  checkInteger("earlyStopHook", { patience }, 1);
  checkInRange("earlyStopHook", { minimumGain }, 0, Number.MAX_VALUE);
  const sign = mode === "max" ? 1 : -1;
  let best: number | undefined;
  let worse = 0;
  const endIfDue = (run: TrainingRun): void => {
    if (worse >= patience)
      run.requestEnd(`early stop: ${metric} was no better than ${best!.toPrecision(4)} for ${worse} values`);
  };
  const see = (run: TrainingRun, value: number | undefined): void => {
    if (value === undefined) return;
    const isBetter = best === undefined || sign * (value - best) > minimumGain;
    if (isBetter) best = value;
    worse = isBetter ? 0 : worse + 1;
    endIfDue(run);
  };
  return defineHook({
    name: "early-stop",
    capture: () => ({ values: { best: best ?? null, worse } }),
    restore({ values = {} }) {
      best = typeof values.best === "number" ? values.best : undefined;
      worse = typeof values.worse === "number" ? values.worse : 0;
    },
    trainStart(run) {
      if (best !== undefined) endIfDue(run);
    },
    epochEnd: (run, { meanLoss, metrics }) => see(run, metric === "meanLoss" ? meanLoss : metrics[metric]),
    evaluate: (run, { metrics }) => see(run, metrics[metric]),
  });
}
