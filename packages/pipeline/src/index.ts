export { type CheckDataOptions, type CheckedData, checkData } from "./check-data.js";
export { dataCheckSchema } from "./check-data-schema.js";
export {
  type ConfigKey,
  configJsonSchema,
  configKeys,
  configPage,
  explainKey,
  keyWords,
} from "./config/describe.js";
export { type LoadOptions, loadConfig, parseConfig } from "./config/load.js";
export {
  type Config,
  configSchema,
  type LabelBudget,
  type PartSpec,
  type StudentConfig,
  type TrainingConfig,
} from "./config/schema.js";
export { csv } from "./csv.js";
export { type Embeddings, type EmbedOptions, embed } from "./embed/embed.js";
export { type Neighbour, type NeighboursOptions, neighbours } from "./embed/neighbours.js";
export { type SuggestOptions, suggest } from "./embed/suggest.js";
export { EMBEDDING_FORMATS, writeEmbeddings } from "./embed/write-embeddings.js";
export { type PipelineEvents, silent } from "./events.js";
export { type Forecast, type ForecastOptions, forecastRun } from "./forecast/forecast.js";
export type { ForecastStage } from "./forecast/rehearse.js";
export { LabelRound, type LabelRoundOptions } from "./label/label-round.js";
export { type LabelAnswer, type Labelling, labellingClasses, pendingImages } from "./label/labelling.js";
export { availableMemory } from "./memory/available-memory.js";
export { checkMemory, predictMemory, type StageMemory } from "./memory/check-memory.js";
export { type ModelSummary, type ModelSummaryOptions, summarizeModel } from "./model-summary.js";
export { type PluginSource, pluginSource } from "./plugins/plugin-source.js";
export { type LoadedClassifier, loadClassifier } from "./predict/load-classifier.js";
export { type LoadTrainedOptions, loadTrainedModel, type TrainedModel } from "./predict/load-trained-model.js";
export { type Prediction, type Predictions, type PredictOptions, predict } from "./predict/predict.js";
export { presetNames } from "./presets.js";
export {
  type AugmentationPreview,
  PREVIEW_FORMATS,
  type PreviewAugmentationOptions,
  previewAugmentation,
  previewConfig,
  writePreview,
} from "./preview-augmentation.js";
export { type PreviewSheet, type PreviewSheetOptions, previewSheet, type ViewDraw } from "./preview-sheet.js";
export { clampEpochs, FEWEST_EPOCHS, fitToTime, type MeasuredCost } from "./propose/fit-to-time.js";
export { type Effort, type Proposal, type ProposalOptions, proposeRecipe } from "./propose/propose-recipe.js";
export { reportData, writeRunReport } from "./report/report-data.js";
export { runVersion } from "./report/run-version.js";
export type { DepthProbe, MeasuredRow, PluginRecord, RunResults, StageSummary } from "./results.js";
export { type ComparedRow, type Comparison, compareRuns, type FinishedRun, readRun } from "./run/compare-runs.js";
export { type RunOptions, type RunOutcome, run } from "./run/run.js";
export type { RunStage } from "./run/run-state.js";
export { InterruptedError } from "./stages/interrupted-error.js";
export { type LoadSweepOptions, loadSweep, type Sweep, type SweepPoint } from "./sweep/load-sweep.js";
export { sweepSchema } from "./sweep/schema.js";
export { type SweepOptions, sweep } from "./sweep/sweep.js";
export { type SweepResult, type SweepRow, summarizeSweep, sweepResults } from "./sweep/sweep-result.js";
