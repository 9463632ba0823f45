export { type BatchNormOptions, type BatchNormResult, batchNorm, batchNormInference } from "./batch-norm.js";
export type { BatchNormActivation } from "./batch-norm-gradient.js";
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
