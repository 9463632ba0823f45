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
