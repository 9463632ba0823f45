import { checkChoice, checkInteger, checkPositive } from "@simclr/core";
import { defineHook, type TrainerHook, type TrainingRun } from "../hooks.js";
import { type CheckpointMetadata, saveCheckpoint } from "./checkpoint.js";
import { CHECKPOINT_HOOK, pruneCheckpoints, setAsideNewer } from "./checkpoint-folder.js";

/** A number by which checkpoints are compared. */
export interface BestBy {
  /** Of an `evaluate` event, or of an epoch: `meanLoss` or one of its metrics. */
  readonly metric: string;
  /** @defaultValue "max" */
  readonly mode?: "min" | "max";
}

export interface CheckpointHookOptions {
  /** The run's folder; each checkpoint is a folder in it. */
  readonly folder: string;
  /** Saves after every so many steps of the run. */
  readonly everySteps?: number;
  /** Saves at the end of a step when so many seconds have passed since the last one. */
  readonly everySeconds?: number;
  /** Saves after every so many epochs. */
  readonly everyEpochs?: number;
  /** How many of the newest checkpoints stay, >= 1. @defaultValue 2 */
  readonly keep?: number;
  /** Saves also whenever this metric is better than ever, and keeps that checkpoint: see `bestCheckpoint`. */
  readonly best?: BestBy | undefined;
  /** What travels with the weights; asked for at every save. `metrics` of the last step are added unless given. */
  readonly metadata?: (run: TrainingRun) => CheckpointMetadata | Promise<CheckpointMetadata>;
  /** Told after each save. */
  readonly saved?: (path: string, step: number) => void;
}

/**
 * Saves checkpoints: as often as asked, whenever another hook asks for one, at an interruption, and at the end. Only
 * rank 0 writes. Checkpoints newer than the step where the run begins are renamed to `….set-aside-<n>`, not removed.
 * Place it after hooks that write files of their own, so that they are on disk first.
 */
export function checkpointHook(options: CheckpointHookOptions): TrainerHook {
  const { folder, everySteps, everySeconds, everyEpochs, keep = 2, metadata, saved, best } = options;
  if (everySteps !== undefined) checkInteger("checkpointHook", { everySteps }, 1);
  if (everySeconds !== undefined) checkPositive("checkpointHook", { everySeconds });
  if (everyEpochs !== undefined) checkInteger("checkpointHook", { everyEpochs }, 1);
  checkInteger("checkpointHook", { keep }, 1);
  const { metric, mode = "max" } = best ?? { metric: "" };
  checkChoice("checkpointHook", { mode }, ["min", "max"]);
  let bestSoFar: { readonly value: number; readonly step: number } | undefined;
  const compare = (run: TrainingRun, value: number | undefined): void => {
    if (best === undefined || value === undefined || !Number.isFinite(value)) return;
    const isBetter = bestSoFar === undefined || (mode === "max" ? value > bestSoFar.value : value < bestSoFar.value);
    if (!isBetter) return;
    bestSoFar = { value, step: run.step };
    run.requestCheckpoint(`best ${metric} so far`);
  };
  let lastSaveMs = 0;
  let metrics: Record<string, number> = {};
  return defineHook({
    name: CHECKPOINT_HOOK,
    capture: () => ({ values: { bestStep: bestSoFar?.step ?? null, bestValue: bestSoFar?.value ?? null } }),
    restore({ values = {} }) {
      const { bestStep, bestValue } = values;
      const isKnown = typeof bestStep === "number" && typeof bestValue === "number";
      bestSoFar = isKnown ? { step: bestStep, value: bestValue } : undefined;
    },
    async trainStart(run) {
      lastSaveMs = performance.now();
      metrics = {};
      if (run.communicator.rank === 0) await setAsideNewer(folder, run.startStep);
    },
    stepEnd(run, report) {
      metrics = { ...report.metrics, loss: report.loss };
      if (everySteps !== undefined && run.step % everySteps === 0) run.requestCheckpoint(`every ${everySteps} steps`);
      else if (everySeconds !== undefined && performance.now() - lastSaveMs >= 1000 * everySeconds)
        run.requestCheckpoint(`every ${everySeconds} seconds`);
    },
    evaluate(run, report) {
      metrics = { ...metrics, ...report.metrics };
      compare(run, report.metrics[metric]);
    },
    epochEnd(run, { epoch, meanLoss, metrics: ofEpoch }) {
      compare(run, metric === "meanLoss" ? meanLoss : ofEpoch[metric]);
      if (everyEpochs !== undefined && (epoch + 1) % everyEpochs === 0)
        run.requestCheckpoint(`every ${everyEpochs} epochs`);
    },
    async checkpoint(run, { step }) {
      if (run.communicator.rank !== 0) return;
      const state = await run.captureState();
      const path = await saveCheckpoint(folder, { state, metadata: { metrics, ...(await metadata?.(run)) } });
      await pruneCheckpoints(folder, keep, bestSoFar?.step);
      lastSaveMs = performance.now();
      saved?.(path, step);
    },
  });
}
