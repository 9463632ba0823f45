import { checkInRange, type WeightRole } from "@simclr/core";
import { momentumUpdate } from "@simclr/ops";
import type { Optimizer } from "./optimizer.js";
import { velocityOptimizer } from "./velocity-optimizer.js";

const NOT_DECAYED: readonly WeightRole[] = ["gamma", "beta"];

export interface MomentumSgdOptions {
  /** Decay of the velocity, in [0, 1]; 0 is plain SGD. @defaultValue 0.9 */
  readonly momentum?: number;
  /** Whether to look ahead by one velocity step. @defaultValue true */
  readonly nesterov?: boolean;
  /** Coefficient of the L2 term that is added to the gradient, >= 0. @defaultValue 0 */
  readonly weightDecay?: number;
  /** Roles without weight decay; biases do have it, as in the official code. @defaultValue gamma, beta */
  readonly excludeFromWeightDecay?: readonly WeightRole[];
}

/**
 * SGD with momentum, Nesterov's by default: the optimizer of linear evaluation and of supervised baselines.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export function momentumSgd(options: MomentumSgdOptions = {}): Optimizer {
  const { momentum = 0.9, nesterov = true, weightDecay = 0, excludeFromWeightDecay = NOT_DECAYED } = options;
  checkInRange("momentumSgd", { momentum }, 0, 1);
  checkInRange("momentumSgd", { weightDecay }, 0, Number.MAX_VALUE);
  const notDecayed = new Set(excludeFromWeightDecay);

  return velocityOptimizer("momentum-sgd", ({ role, variable }, gradient, velocity, learningRate) => {
    const decay = notDecayed.has(role) ? 0 : weightDecay;
    return momentumUpdate(variable, gradient, velocity, { learningRate, momentum, weightDecay: decay, nesterov });
  });
}
