export { type LarsOptions, lars } from "./lars.js";
export { type MomentumSgdOptions, momentumSgd } from "./momentum-sgd.js";
export type { Optimizer, OptimizerSlot, SlotValue } from "./optimizer.js";
export {
  constant,
  type RunLength,
  type Schedule,
  trainSteps,
  type WarmupCosine,
  type WarmupCosineOptions,
  warmupCosine,
} from "./schedule.js";
