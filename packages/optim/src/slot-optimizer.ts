import { checkInRange, checkSameShape, InvalidArgumentError, type Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Optimizer } from "./optimizer.js";
import { type ParameterGroup, weightRates } from "./parameter-group.js";
import { type SlotKinds, SlotStore } from "./weight-slots.js";

/** What an update of one weight is made with. */
interface UpdateContext {
  /** Of this weight, its group's factor included. */
  readonly learningRate: number;
  /** What its group says instead of the optimizer's weight decay. */
  readonly groupWeightDecay: number | undefined;
  /** Which update of this weight it is, from 1; 0 where updates are not counted. */
  readonly update: number;
}

/** New values of one weight and of its slots, in their order; runs inside a tidy. */
type SlotUpdate = (
  weight: Weight,
  gradient: tf.Tensor,
  slots: readonly tf.Tensor[],
  context: UpdateContext,
) => readonly [param: tf.Tensor, ...slots: tf.Tensor[]];

export interface SlotOptimizerOptions extends SlotKinds {
  readonly groups: readonly ParameterGroup[];
  readonly update: SlotUpdate;
}

/** An optimizer that keeps some tensors for each weight. */
export function slotOptimizer(name: string, { groups, update, ...kinds }: SlotOptimizerOptions): Optimizer {
  const store = new SlotStore(name, kinds);
  const ratesOf = weightRates(name, groups);
  return {
    name,
    apply(weights, gradients, learningRate) {
      store.checkUsable();
      checkInRange(name, { learningRate }, 0, Number.MAX_VALUE);
      for (const [weight, gradient] of pair(name, weights, gradients, store)) {
        const { values, counter } = store.getOrCreate(weight.name, weight.variable.shape);
        const { learningRateScale, weightDecay } = ratesOf(weight);
        if (counter !== undefined) counter.updates++;
        tf.tidy(() => {
          const [newParam, ...newValues] = update(weight, gradient, values, {
            learningRate: learningRate * learningRateScale,
            groupWeightDecay: weightDecay,
            update: counter?.updates ?? 0,
          });
          weight.variable.assign(newParam);
          values.forEach((variable, i) => {
            variable.assign(newValues[i]!);
          });
        });
      }
    },
    slots: () => store.list(),
    restoreSlots: (values) => store.restore(values),
    dispose: () => store.dispose(),
  };
}

/** Weights with their gradients, in the order of the weights; checks all of them before any is changed. */
function pair(
  where: string,
  weights: readonly Weight[],
  gradients: Readonly<Record<string, tf.Tensor | null>>,
  store: SlotStore,
): [Weight, tf.Tensor][] {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  if (byName.size < weights.length) refuseDuplicate(where, weights);
  const pairs: [Weight, tf.Tensor][] = [];
  for (const weight of weights) {
    const gradient = gradients[weight.name];
    if (gradient == null) continue;
    checkPair(where, weight, gradient, store);
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

function checkPair(where: string, weight: Weight, gradient: tf.Tensor, store: SlotStore): void {
  const { name, role, variable } = weight;
  if (role === "statistic") {
    throw new InvalidArgumentError(
      `${where}: \`${name}\` is a running statistic, which is not trained, but has a gradient. ` +
        "Make its variable untrainable, or leave it out of the gradients.",
      { subject: name, expected: "no gradient", received: "a gradient" },
    );
  }
  checkSameShape(where, { [name]: variable, [`the gradient of ${name}`]: gradient });
  const hint = "The restored slots belong to another model.";
  for (const [slotName, slot] of store.named(name)) checkSameShape(where, { [name]: variable, [slotName]: slot }, hint);
}

function refuseDuplicate(where: string, weights: readonly Weight[]): never {
  const seen = new Set<string>();
  const twice = weights.find(({ name }) => seen.has(name) || !seen.add(name))!;
  throw new InvalidArgumentError(
    `${where}: two weights have the name \`${twice.name}\`. Slots are kept by name, so every weight needs its own.`,
    { subject: twice.name, expected: "unique names", received: twice.name },
  );
}
