import { checkInRange, type WeightRole } from "@simclr/core";
import { momentumUpdate } from "@simclr/ops";
import type { Optimizer } from "./optimizer.js";
import type { ParameterGroup } from "./parameter-group.js";
import { slotOptimizer } from "./slot-optimizer.js";

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
  /** Weights with rates of their own; the first group that holds a weight counts. @defaultValue none */
  readonly groups?: readonly ParameterGroup[];
}

/**
 * SGD with momentum, Nesterov's by default: the optimizer of linear evaluation and of supervised baselines.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export function momentumSgd(options: MomentumSgdOptions = {}): Optimizer {
  const { momentum = 0.9, nesterov = true, weightDecay = 0, excludeFromWeightDecay = NOT_DECAYED } = options;
  const { groups = [] } = options;
  checkInRange("momentumSgd", { momentum }, 0, 1);
  checkInRange("momentumSgd", { weightDecay }, 0, Number.MAX_VALUE);
  const notDecayed = new Set(excludeFromWeightDecay);

  return slotOptimizer("momentum-sgd", {
    kinds: ["momentum"],
    counted: false,
    groups,
    update: ({ role, variable }, gradient, [velocity], { learningRate, groupWeightDecay = weightDecay }) => {
      const decay = notDecayed.has(role) ? 0 : groupWeightDecay;
      return momentumUpdate(variable, gradient, velocity!, { learningRate, momentum, weightDecay: decay, nesterov });
    },
  });
}
