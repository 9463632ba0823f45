export { type CollapseHookOptions, collapseHook } from "./collapse-hook.js";
export { type EarlyStopHookOptions, earlyStopHook } from "./early-stop-hook.js";
export { averagedWeights, type EmaHook, type EmaHookOptions, emaHook } from "./ema-hook.js";
export type { DefinedHook, HookContext, HookDefinition } from "./hook-definition.js";
export {
  defineHook,
  type EpochReport,
  type EvaluationReport,
  type HookState,
  type StepReport,
  type StepStart,
  type TrainerEvent,
  type TrainerHook,
  type TrainerHookArgs,
  type TrainingReport,
  type TrainingRun,
} from "./hooks.js";
export { type ProgressHookOptions, progressHook } from "./progress-hook.js";
export { captureState, restoreState, type StateOwner, type TrainingState } from "./state.js";
export type { BatchSource, StepContext, StepResult, TrainingTask } from "./task.js";
export { type TimeBudgetHookOptions, timeBudgetHook } from "./time-budget-hook.js";
export { type TrainOptions, train } from "./train.js";
