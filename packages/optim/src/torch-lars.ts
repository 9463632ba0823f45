import { checkInRange, checkPositive, type WeightRole } from "@simclr/core";
import { momentumUpdate } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { LARS_EXCLUDED } from "./lars.js";
import type { Optimizer } from "./optimizer.js";
import type { ParameterGroup } from "./parameter-group.js";
import { slotOptimizer } from "./slot-optimizer.js";

export interface TorchLarsOptions {
  /** Decay of the velocity, in [0, 1]. @defaultValue 0.9 */
  readonly momentum?: number;
  /** Coefficient of the L2 term of the weights that are not excluded, >= 0. @defaultValue 1e-4 */
  readonly weightDecay?: number;
  /** η, the factor of the trust ratio, > 0. @defaultValue 0.001 */
  readonly trustCoefficient?: number;
  /** Added to the denominator of the trust ratio, >= 0. @defaultValue 1e-8 */
  readonly epsilon?: number;
  /** Whether to look ahead by one velocity step. @defaultValue false */
  readonly nesterov?: boolean;
  /** Whether weights whose decay is 0 are adapted too: false in lightly, true in solo-learn. @defaultValue false */
  readonly adaptWithoutDecay?: boolean;
  /** Whether the trust ratio is divided by the learning rate and then at most 1, as with solo-learn's `clip_lr`. @defaultValue false */
  readonly clip?: boolean;
  /** Roles that get neither weight decay nor a trust ratio. @defaultValue those of `lars` */
  readonly exclude?: readonly WeightRole[];
  /** Weights with rates of their own; the first group that holds a weight counts. @defaultValue none */
  readonly groups?: readonly ParameterGroup[];
}

/**
 * LARS as the PyTorch libraries lightly and solo-learn have it: `trust = η ‖p‖ / (‖g‖ + wd ‖p‖ + ε)`,
 * `v = mu v + trust (g + wd p)`, `p -= lr v`; trust is 1, and nothing decays, where a norm is 0.
 *
 * @remarks Not `lars`: the denominator is the sum of two norms rather than the norm of the sum, and the learning rate comes
 * after the velocity. Learning rates do not carry over from one to the other.
 *
 * @throws InvalidArgumentError if an option is out of range.
 * @see lightly/utils/lars.py and solo/utils/lars.py
 */
export function torchLars(options: TorchLarsOptions = {}): Optimizer {
  const { momentum = 0.9, weightDecay = 1e-4, trustCoefficient = 0.001, epsilon = 1e-8, nesterov = false } = options;
  const { adaptWithoutDecay = false, clip = false, exclude = LARS_EXCLUDED, groups = [] } = options;
  checkInRange("torchLars", { momentum }, 0, 1);
  checkInRange("torchLars", { weightDecay }, 0, Number.MAX_VALUE);
  checkInRange("torchLars", { epsilon }, 0, Number.MAX_VALUE);
  checkPositive("torchLars", { trustCoefficient });
  const excluded = new Set(exclude);
  return slotOptimizer("torch-lars", {
    kinds: ["momentum"],
    counted: false,
    groups,
    update: ({ role, variable }, gradient, [velocity], { learningRate, groupWeightDecay = weightDecay }) => {
      const adapt = !excluded.has(role) && (groupWeightDecay > 0 || adaptWithoutDecay);
      const clipAt = clip ? learningRate : undefined;
      const scaled = adapt
        ? scaledGradient(variable, gradient, { trustCoefficient, epsilon, clipAt, weightDecay: groupWeightDecay })
        : gradient;
      return momentumUpdate(variable, scaled, velocity!, { learningRate, momentum, weightDecay: 0, nesterov });
    },
  });
}

interface Scaling {
  readonly trustCoefficient: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** solo-learn divides the ratio by the learning rate and clips it at 1. */
  readonly clipAt: number | undefined;
}

/** `trust · (gradient + weightDecay · param)`, and the gradient itself where a norm is 0. */
function scaledGradient(
  param: tf.Tensor,
  gradient: tf.Tensor,
  { trustCoefficient, epsilon, weightDecay, clipAt }: Scaling,
): tf.Tensor {
  const weightNorm = tf.norm(param); // []
  const gradientNorm = tf.norm(gradient); // []
  const denominator = tf.add(tf.add(gradientNorm, tf.mul(weightDecay, weightNorm)), epsilon); // []
  const ratio = tf.mul(trustCoefficient, tf.div(weightNorm, denominator)); // []
  const trust = clipAt === undefined ? ratio : tf.minimum(tf.div(ratio, clipAt), 1); // []
  const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weightDecay, param)); // like param
  return tf.where(tf.greater(tf.minimum(weightNorm, gradientNorm), 0), tf.mul(trust, decayed), gradient); // like param
}
