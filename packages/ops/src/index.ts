export { ADAM_W_UPDATE_KERNEL, type AdamWUpdated, type AdamWUpdateOptions, adamWUpdate } from "./adam-w-update.js";
export { type AvgPoolOptions, avgPool } from "./avg-pool.js";
export { type BatchNormOptions, type BatchNormResult, batchNorm, batchNormInference } from "./batch-norm.js";
export type { BatchNormActivation } from "./batch-norm-gradient.js";
export { COLOR_JITTER_KERNEL, COLOR_OPERATIONS, type ColorJitterOptions, colorJitter } from "./color-jitter.js";
export { EQUALIZE_KERNEL, equalizeImages } from "./equalize-images.js";
export { flipImages } from "./flip-images.js";
export { type GaussianBlurOptions, gaussianBlur, gaussianTaps } from "./gaussian-blur.js";
export { hsvToRgb, rgbToHsv } from "./hsv.js";
export {
  L2_NORMALIZE_GRAD_KERNEL,
  L2_NORMALIZE_KERNEL,
  l2Normalize,
  l2NormalizeGradient,
} from "./l2-normalize.js";
export { type MapImages, mapImageGroups } from "./map-image-groups.js";
export { hasNamedKernel, runNamedKernel } from "./named-kernel.js";
export {
  LARS_UPDATE_KERNEL,
  type LarsUpdateOptions,
  larsUpdate,
  MOMENTUM_UPDATE_KERNEL,
  type MomentumUpdateOptions,
  momentumUpdate,
  trustRatio,
  type UpdatedParameter,
} from "./optimizer-updates.js";
export { recompute, stopGradient } from "./recompute.js";
export { ROTATE_KERNEL, type RotateImagesOptions, rotateImages } from "./rotate-images.js";
export { mapRowBlocks } from "./row-blocks.js";
export { type ResampleTaps, SEPARABLE_RESAMPLE_KERNEL, separableResample } from "./separable-resample.js";
export {
  SIMILARITY_LOG_SUMS_KERNEL,
  SIMILARITY_REPULSION_KERNEL,
  type SimilarityRows,
  similarityLogSums,
  similarityRepulsion,
} from "./similarity-rows.js";
export { type Moments, type SynchroniseStatistics, synchronisedBatchNorm } from "./synchronised-batch-norm.js";
export { type VariableGradients, variableGradients } from "./variable-gradients.js";
export {
  SOFTMAX_CROSS_ENTROPY_GRAD_KERNEL,
  SOFTMAX_CROSS_ENTROPY_KERNEL,
  weightedCrossEntropy,
} from "./weighted-cross-entropy.js";
