export { type ContrastMetrics, type ContrastMetricsOptions, contrastMetrics } from "./contrast-metrics.js";
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from "./cross-entropy.js";
export {
  type DistillationLossOptions,
  type DistillationWithLabelsOptions,
  distillationLoss,
  distillationWithLabels,
} from "./distillation.js";
export { type NtXentLossOptions, ntXentLoss } from "./nt-xent.js";
export {
  type NtXent,
  type NtXentOptions,
  type NtXentWithGradients,
  ntXent,
  ntXentWithGradients,
} from "./nt-xent-with-metrics.js";
