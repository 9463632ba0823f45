export { accuracy, predictions, type ScoredExamples, topK } from "./accuracy.js";
export { type CalibrationOptions, expectedCalibrationError } from "./calibration.js";
export type { ClassificationResult } from "./classification-result.js";
export { confusionMatrix, perClassAccuracy } from "./confusion-matrix.js";
export { type ExtractFeaturesOptions, extractFeatures, type Features } from "./extract-features.js";
export { type KnnOptions, knn } from "./knn.js";
export type { LabelledFeatures } from "./labelled-features.js";
export { type LinearProbeOptions, type LinearProbeResult, linearProbe } from "./linear-probe.js";
