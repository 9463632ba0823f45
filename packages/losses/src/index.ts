export { type BarlowTwinsOptions, barlowTwins } from "./barlow-twins.js";
export { byolRegression } from "./byol-regression.js";
export { type ContrastMetrics, type ContrastMetricsOptions, contrastMetrics } from "./contrast-metrics.js";
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from "./cross-entropy.js";
export { type DecoupledNtXentOptions, decoupledNtXent } from "./decoupled-nt-xent.js";
export { defineLoss, type Loss, type LossDefinition, type PairLoss } from "./define-loss.js";
export {
  type DistillationLossOptions,
  type DistillationWithLabelsOptions,
  distillationLoss,
  distillationWithLabels,
} from "./distillation.js";
export { enqueueKeys, initialKeyQueue } from "./key-queue.js";
export { type LossName, losses } from "./losses.js";
export { type MomentumContrastOptions, momentumContrast } from "./momentum-contrast.js";
export { type NtXentLossOptions, ntXentLoss } from "./nt-xent.js";
export {
  type NtXent,
  type NtXentOptions,
  type NtXentWithGradients,
  ntXent,
  ntXentWithGradients,
} from "./nt-xent-with-metrics.js";
export { simSiam } from "./sim-siam.js";
export { type SinkhornOptions, sinkhorn } from "./sinkhorn.js";
export { type SupConOptions, supCon } from "./sup-con.js";
export { type SwavOptions, swav } from "./swav.js";
export { type TripletMining, type TripletOptions, triplet } from "./triplet.js";
export { type VicRegOptions, vicReg } from "./vic-reg.js";
