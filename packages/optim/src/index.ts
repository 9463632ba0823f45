export { type AdamWOptions, adamW } from "./adam-w.js";
export { clipByGlobalNorm, clipped } from "./clip-gradients.js";
export { type LarsOptions, lars } from "./lars.js";
export { type MomentumSgdOptions, momentumSgd } from "./momentum-sgd.js";
export type { Optimizer, OptimizerSlot, SlotValue } from "./optimizer.js";
export type { ParameterGroup } from "./parameter-group.js";
export {
  constant,
  type RunLength,
  type Schedule,
  trainSteps,
  type WarmupOptions,
  type WarmupSchedule,
  warmupConstant,
  warmupCosine,
  warmupLinear,
} from "./schedule.js";
export { type TorchLarsOptions, torchLars } from "./torch-lars.js";
