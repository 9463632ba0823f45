import { checkChoice, checkInRange, checkPositive, type WeightRole } from "@simclr/core";
import { type LarsUpdateOptions, larsUpdate, trustRatio, type UpdatedParameter } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Optimizer } from "./optimizer.js";
import type { ParameterGroup } from "./parameter-group.js";
import { slotOptimizer } from "./slot-optimizer.js";

/** Roles that the official code excludes, by patterns on its names. */
export const LARS_EXCLUDED: readonly WeightRole[] = ["gamma", "beta", "bias", "classifier-kernel", "classifier-bias"];

export interface LarsOptions {
  /** Decay of the velocity, in [0, 1]. @defaultValue 0.9 */
  readonly momentum?: number;
  /** Coefficient of the L2 term of the weights that are not excluded, >= 0. @defaultValue 1e-4 */
  readonly weightDecay?: number;
  /** η, the factor of the trust ratio, > 0. @defaultValue 0.001 */
  readonly trustCoefficient?: number;
  /** Whether to look ahead by one velocity step. @defaultValue false */
  readonly nesterov?: boolean;
  /**
   * `classic`: the learning rate and the trust ratio are inside the velocity, as in the official code. `popular`: the
   * velocity gathers plain gradients, and both scale the step.
   *
   * @defaultValue "classic"
   */
  readonly momentumStyle?: "classic" | "popular";
  /**
   * Roles that get neither weight decay nor a trust ratio: they move with the full learning rate.
   *
   * @defaultValue gamma, beta, bias, classifier-kernel, classifier-bias
   */
  readonly exclude?: readonly WeightRole[];
  /**
   * L2 coefficient of the weights with the role `classifier-kernel`, added to their gradient whether or not they are
   * excluded, >= 0. The official code adds this term to the loss, with the coefficient `weightDecay`.
   *
   * @defaultValue 0
   */
  readonly classifierWeightDecay?: number;
  /** Weights with rates of their own; the first group that holds a weight counts. @defaultValue none */
  readonly groups?: readonly ParameterGroup[];
}

/**
 * LARS: momentum SGD whose step on each weight is scaled by η·‖weight‖ / ‖gradient + decay‖.
 *
 * @throws InvalidArgumentError if an option is out of range.
 * @see You et al. 2017, arXiv:1708.03888; the defaults and the classic style are those of the official SimCLR code
 */
export function lars(options: LarsOptions = {}): Optimizer {
  const { momentum = 0.9, weightDecay = 1e-4, trustCoefficient = 0.001, nesterov = false } = options;
  const { momentumStyle = "classic", exclude = LARS_EXCLUDED, classifierWeightDecay = 0, groups = [] } = options;
  checkInRange("lars", { momentum }, 0, 1);
  checkInRange("lars", { weightDecay }, 0, Number.MAX_VALUE);
  checkInRange("lars", { classifierWeightDecay }, 0, Number.MAX_VALUE);
  checkPositive("lars", { trustCoefficient });
  checkChoice("lars", { momentumStyle }, ["classic", "popular"]);
  const excluded = new Set(exclude);
  const update = momentumStyle === "classic" ? larsUpdate : popularUpdate;

  return slotOptimizer("lars", {
    kinds: ["momentum"],
    counted: false,
    groups,
    update: ({ role, variable }, gradient, [velocity], { learningRate, groupWeightDecay = weightDecay }) => {
      const adapt = !excluded.has(role);
      const decay = (adapt ? groupWeightDecay : 0) + (role === "classifier-kernel" ? classifierWeightDecay : 0);
      const step = { learningRate, momentum, weightDecay: decay, trustCoefficient, nesterov, adapt };
      return update(variable, gradient, velocity!, step);
    },
  });
}

/** `v = mu v + g`; `u = v`, or `mu v + g` with Nesterov momentum; `p -= learningRate * (η ‖p‖ / ‖u‖) * u`. */
function popularUpdate(
  param: tf.Tensor,
  grad: tf.Tensor,
  velocity: tf.Tensor,
  { learningRate, momentum, weightDecay, trustCoefficient, nesterov, adapt }: LarsUpdateOptions,
): UpdatedParameter {
  const g = weightDecay === 0 ? grad : tf.add(grad, tf.mul(weightDecay, param)); // like param
  const newVelocity = tf.add(tf.mul(momentum, velocity), g); // like param
  const update = nesterov ? tf.add(tf.mul(momentum, newVelocity), g) : newVelocity; // like param
  const rate = adapt ? tf.mul(learningRate, trustRatio(param, update, trustCoefficient)) : learningRate; // []
  return [tf.sub(param, tf.mul(rate, update)), newVelocity];
}
