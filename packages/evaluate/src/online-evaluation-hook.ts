import { checkChoice, checkInteger, type Random } from "@simclr/core";
import { defineHook, type TrainerHook } from "@simclr/trainer";
import { knn } from "./knn.js";
import type { LabelledFeatures } from "./labelled-features.js";
import { linearProbe } from "./linear-probe.js";

const MEASURES = ["knn", "linear"] as const;

export interface OnlineEvaluationHookOptions {
  /** Asks for an evaluation after every so many steps, >= 1; without it, others ask. */
  readonly everySteps?: number | undefined;
  /**
   * Features of some labelled images, as the encoder makes them now, in inference mode. Every rank calls it, so that ranks may
   * share the images among them; what the first rank gets is measured.
   */
  readonly features: () => Promise<LabelledFeatures>;
  /** @defaultValue both */
  readonly measures?: readonly (typeof MEASURES)[number][];
  /** Neighbours that vote. @defaultValue 20 */
  readonly k?: number;
  /** Passes of the linear probe over the training features. @defaultValue 20 */
  readonly epochs?: number;
  /** Draws the order of the rows of the linear probe; the same at every evaluation. */
  readonly random: Random;
}

/**
 * Measures a representation while it is trained: at every evaluation it adds `knnAccuracy` and `linearAccuracy`, both in [0, 1].
 * The linear probe begins anew each time and sees features alone, so that no gradient reaches the encoder, and the run is the
 * same with the hook and without. Place it before hooks that write metrics or choose by them. Where ranks train together, each
 * has the hook, and the first one measures.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export function onlineEvaluationHook(options: OnlineEvaluationHookOptions): TrainerHook {
  const { everySteps, features, measures = MEASURES, k = 20, epochs = 20, random } = options;
  if (everySteps !== undefined) checkInteger("onlineEvaluationHook", { everySteps }, 1);
  checkInteger("onlineEvaluationHook", { k }, 1);
  checkInteger("onlineEvaluationHook", { epochs }, 1);
  for (const measure of measures) checkChoice("onlineEvaluationHook", { measures: measure }, MEASURES);
  return defineHook({
    name: "online-evaluation",
    stepEnd(run) {
      const isDue = everySteps !== undefined && (run.step % everySteps === 0 || run.step === run.totalSteps);
      if (isDue) run.requestEvaluation(`every ${everySteps} steps`);
    },
    async evaluate({ communicator }, { metrics }) {
      const rows = await features();
      if (communicator.rank !== 0) return;
      if (measures.includes("knn")) metrics.knnAccuracy = (await knn({ ...rows, k })).top1;
      if (measures.includes("linear")) metrics.linearAccuracy = (await linearProbe({ ...rows, epochs, random })).top1;
    },
  });
}
