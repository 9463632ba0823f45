export type { BatchShare } from "./batch-order.js";
export { type CacheOptions, cacheDecoded } from "./cache-decoded.js";
export type { CachedDataset } from "./cached-dataset.js";
export { type CheckOptions, checkDatasets } from "./check-datasets.js";
export { balanceWords, type ClassBalance, type ClassCount, classBalance } from "./class-balance.js";
export type { CheckedDataset, DatasetCheck, DuplicateGroup, SizedImage } from "./dataset-check.js";
export type { DatasetContext, DatasetOpener, DefinedDataset } from "./dataset-opener.js";
export { type DatasetDefinition, defineDataset } from "./define-dataset.js";
export type { BrokenPolicy, OpenedDataset, SkippedImage } from "./encoded-dataset.js";
export { keepLabels } from "./keep-labels.js";
export { keepListedLabels } from "./keep-listed-labels.js";
export { type LabelSubsetOptions, labelSubset } from "./label-subset.js";
export { createLoader, type Loader, type LoaderStats } from "./loader.js";
export type { LoaderOptions } from "./loader-options.js";
export { openDataset } from "./open-dataset.js";
export {
  DATASET_FORMATS,
  DATASET_SPLITS,
  type DatasetColumns,
  type DatasetFormat,
  type DatasetSplit,
  type OpenOptions,
} from "./open-options.js";
export { type DrawnShapes, drawShapes, type ShapesOptions, shapes } from "./shapes/index.js";
export { type SharedImage, sharedImages } from "./shared-images.js";
export { type Split, type SplitOptions, splitDataset } from "./split-dataset.js";
export { type AdvisedLoader, starvationAdvice } from "./starvation-advice.js";
export { classCounts, labelledIndices, subset, withoutLabels } from "./subset.js";
