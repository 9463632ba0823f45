import { checkInRange, checkSameShape, InvalidArgumentError, type Weight } from "@simclr/core";
import type { UpdatedParameter } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Optimizer } from "./optimizer.js";
import { VelocitySlots } from "./velocity-slots.js";

/** New values of one weight and its velocity; runs inside a tidy. */
export type VelocityUpdate = (
  weight: Weight,
  gradient: tf.Tensor,
  velocity: tf.Tensor,
  learningRate: number,
) => UpdatedParameter;

/** An optimizer that keeps one velocity for each weight. */
export function velocityOptimizer(name: string, update: VelocityUpdate): Optimizer {
  const slots = new VelocitySlots(name);
  return {
    name,
    apply(weights, gradients, learningRate) {
      slots.checkUsable();
      checkInRange(name, { learningRate }, 0, Number.MAX_VALUE);
      for (const [weight, gradient] of pair(name, weights, gradients, slots)) {
        const velocity = slots.getOrCreate(weight.name, weight.variable.shape);
        tf.tidy(() => {
          const [newParam, newVelocity] = update(weight, gradient, velocity, learningRate);
          weight.variable.assign(newParam);
          velocity.assign(newVelocity);
        });
      }
    },
    slots: () => slots.list(),
    restoreSlots: (values) => slots.restore(values),
    dispose: () => slots.dispose(),
  };
}

/** Weights with their gradients, in the order of the weights; checks all of them before any is changed. */
function pair(
  where: string,
  weights: readonly Weight[],
  gradients: Readonly<Record<string, tf.Tensor | null>>,
  slots: VelocitySlots,
): [Weight, tf.Tensor][] {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  if (byName.size < weights.length) refuseDuplicate(where, weights);
  const pairs: [Weight, tf.Tensor][] = [];
  for (const weight of weights) {
    const gradient = gradients[weight.name];
    if (gradient == null) continue;
    checkPair(where, weight, gradient, slots.get(weight.name));
    pairs.push([weight, gradient]);
  }
  for (const [name, gradient] of Object.entries(gradients)) {
    if (gradient === null || byName.has(name)) continue;
    throw new InvalidArgumentError(
      `${where}: there is a gradient for \`${name}\`, which is no weight. ` +
        "Key gradients by weight name and pass all weights that have one.",
      { subject: name, expected: "the name of a weight", received: name },
    );
  }
  return pairs;
}

function checkPair(where: string, weight: Weight, gradient: tf.Tensor, velocity: tf.Variable | undefined): void {
  const { name, role, variable } = weight;
  if (role === "statistic") {
    throw new InvalidArgumentError(
      `${where}: \`${name}\` is a running statistic, which is not trained, but has a gradient. ` +
        "Make its variable untrainable, or leave it out of the gradients.",
      { subject: name, expected: "no gradient", received: "a gradient" },
    );
  }
  checkSameShape(where, { [name]: variable, [`the gradient of ${name}`]: gradient });
  if (velocity === undefined) return;
  const hint = "The restored slots belong to another model.";
  checkSameShape(where, { [name]: variable, [`${name}/momentum`]: velocity }, hint);
}

function refuseDuplicate(where: string, weights: readonly Weight[]): never {
  const seen = new Set<string>();
  const twice = weights.find(({ name }) => seen.has(name) || !seen.add(name))!;
  throw new InvalidArgumentError(
    `${where}: two weights have the name \`${twice.name}\`. Slots are kept by name, so every weight needs its own.`,
    { subject: twice.name, expected: "unique names", received: twice.name },
  );
}
