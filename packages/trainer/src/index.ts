export { type CollapseHookOptions, collapseHook } from "./collapse-hook.js";
export {
  defineHook,
  type EpochReport,
  type StepReport,
  type TrainerEvent,
  type TrainerHook,
  type TrainerHookArgs,
  type TrainingReport,
  type TrainingRun,
} from "./hooks.js";
export { type ProgressHookOptions, progressHook } from "./progress-hook.js";
export { captureState, restoreState, type StateOwner, type TrainingState } from "./state.js";
export type { BatchSource, StepContext, StepResult, TrainingTask } from "./task.js";
export { type TrainOptions, train } from "./train.js";
