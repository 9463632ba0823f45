import { checkInRange, checkPositive, type WeightRole } from "@simclr/core";
import { adamWUpdate } from "@simclr/ops";
import type { Optimizer } from "./optimizer.js";
import type { ParameterGroup } from "./parameter-group.js";
import { slotOptimizer } from "./slot-optimizer.js";

const NOT_DECAYED: readonly WeightRole[] = ["gamma", "beta", "bias", "classifier-bias"];

export interface AdamWOptions {
  /** Decay of the mean of the gradients, in [0, 1). @defaultValue 0.9 */
  readonly beta1?: number;
  /** Decay of the mean of their squares, in [0, 1). @defaultValue 0.999 */
  readonly beta2?: number;
  /** Added to the root of the second moment, > 0. @defaultValue 1e-8 */
  readonly epsilon?: number;
  /** Times the learning rate, the share of a weight that is taken away at a step, >= 0. @defaultValue 0.01 */
  readonly weightDecay?: number;
  /** Roles without weight decay. @defaultValue gamma, beta, bias, classifier-bias */
  readonly excludeFromWeightDecay?: readonly WeightRole[];
  /** Weights with rates of their own; the first group that holds a weight counts. @defaultValue none */
  readonly groups?: readonly ParameterGroup[];
}

/**
 * AdamW: Adam whose weight decay is apart from the gradient.
 *
 * @remarks PyTorch decays every weight unless told otherwise; here biases and the parameters of batch norm are left out.
 *
 * @throws InvalidArgumentError if an option is out of range.
 * @see Loshchilov and Hutter 2017, arXiv:1711.05101
 */
export function adamW(options: AdamWOptions = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options;
  const { excludeFromWeightDecay = NOT_DECAYED, groups = [] } = options;
  checkInRange("adamW", { beta1 }, 0, 1 - Number.EPSILON);
  checkInRange("adamW", { beta2 }, 0, 1 - Number.EPSILON);
  checkPositive("adamW", { epsilon });
  checkInRange("adamW", { weightDecay }, 0, Number.MAX_VALUE);
  const notDecayed = new Set(excludeFromWeightDecay);
  return slotOptimizer("adamw", {
    kinds: ["first-moment", "second-moment"],
    counted: true,
    groups,
    update: ({ role, variable }, gradient, [first, second], context) => {
      const { learningRate, update, groupWeightDecay = weightDecay } = context;
      const decay = notDecayed.has(role) ? 0 : groupWeightDecay;
      const step = { learningRate, beta1, beta2, epsilon, weightDecay: decay, update };
      return adamWUpdate(variable, gradient, first!, second!, step);
    },
  });
}
