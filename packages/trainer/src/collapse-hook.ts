import { checkChoice, checkInteger, checkPositive, TrainingError } from "@simclr/core";
import { defineHook, type TrainerHook } from "./hooks.js";

export interface CollapseHookOptions {
  /** Receives the warning; nothing is printed otherwise. */
  readonly warn: (text: string) => void;
  /** `stop` ends the run with a TrainingError. @defaultValue "warn" */
  readonly action?: "warn" | "stop";
  /** The metric that is watched; steps without it are passed over. @defaultValue "projectionDeviation" */
  readonly metric?: string;
  /** Below this it looks like collapse, > 0. @defaultValue 0.1, a tenth of what well spread projections have */
  readonly threshold?: number;
  /** For so many steps in a row, >= 1; counted anew after a resume. @defaultValue 20 */
  readonly patience?: number;
}

/**
 * Watches for collapse: projections that are the same for all images, which methods without negatives may reach with a
 * loss that looks perfect. Tells once when the spread of the projections has been below a threshold for a while, and once
 * more if it comes back.
 *
 * @see Chen and He 2020, arXiv:2011.10566, section 4.1
 */
export function collapseHook(options: CollapseHookOptions): TrainerHook {
  const { warn, action = "warn", metric = "projectionDeviation", threshold = 0.1, patience = 20 } = options;
  checkChoice("collapseHook", { action }, ["warn", "stop"]);
  checkPositive("collapseHook", { threshold });
  checkInteger("collapseHook", { patience }, 1);
  let low = 0;
  return defineHook({
    name: "collapse",
    trainStart: () => {
      low = 0;
    },
    stepEnd(run, { step, metrics, learningRate }) {
      const value = metrics[metric];
      if (value === undefined) return;
      if (value >= threshold) {
        if (low >= patience)
          warn(`${run.task.name}: at step ${step} the projections spread again (${metric} ${value.toPrecision(3)})`);
        low = 0;
        return;
      }
      low++;
      if (low !== patience) return;
      const message =
        `the projections of all images have become alike: ${metric} has been below ${threshold} for ${patience} steps, ` +
        `${value.toPrecision(3)} at step ${step} (about 1 is healthy, 0 is collapse). Lower the learning rate (it was ` +
        `${learningRate.toPrecision(3)}), or use a method with negatives; what was trained so far is of no use.`;
      if (action === "stop")
        throw new TrainingError(`collapse: ${message}`, {
          subject: metric,
          expected: `at least ${threshold}`,
          received: String(value),
        });
      warn(`${run.task.name}: collapse: ${message}`);
    },
  });
}
