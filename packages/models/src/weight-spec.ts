import type { Random, Weight, WeightRole } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { drawInitial, type Initializer } from "./initializer.js";

/** A weight before it has values. */
export interface WeightSpec {
  /** A path, unique in the model: `encoder/group1/block0/conv1/kernel`. */
  readonly name: string;
  readonly role: WeightRole;
  readonly shape: readonly number[];
}

/** Where first values come from: a stream of random numbers, or "zeros" for weights that are assigned before they are used. */
export type WeightSource = Random | "zeros";

/** Makes a layer's weights: real ones, or only their specifications. */
export type MakeWeight<W> = (spec: WeightSpec, initializer: Initializer) => W;

/**
 * Makes weights with variables and keeps a list of them.
 *
 * Each weight is drawn from `random.fork(name)`, so its values depend on its name alone. Variables carry no name of
 * their own: two models with the same weight names can live side by side.
 *
 * @param isFrozen - Whether the weight of a name must not be trained: its variable is then not trainable.
 */
export function weightMaker(
  random: WeightSource,
  isFrozen: (name: string) => boolean = () => false,
): { make: MakeWeight<Weight>; weights: Weight[] } {
  const weights: Weight[] = [];
  const make: MakeWeight<Weight> = ({ name, role, shape }, initializer) => {
    const count = tf.util.sizeFromShape([...shape]);
    const values = random === "zeros" ? new Float32Array(count) : drawInitial(initializer, count, random.fork(name));
    const initial = tf.tensor(values, [...shape], "float32");
    const variable = tf.variable(initial, role !== "statistic" && !isFrozen(name));
    initial.dispose();
    const weight: Weight = { name, role, variable };
    weights.push(weight);
    return weight;
  };
  return { make, weights };
}

/** Lists the weights that `build` asks for, without making any. */
export function listSpecs(build: (make: MakeWeight<WeightSpec>) => unknown): WeightSpec[] {
  const specs: WeightSpec[] = [];
  build((spec) => {
    specs.push(spec);
    return spec;
  });
  return specs;
}

/** Disposes the variables of `weights`. */
export function disposeWeights(weights: readonly Weight[]): void {
  for (const { variable } of weights) variable.dispose();
}
