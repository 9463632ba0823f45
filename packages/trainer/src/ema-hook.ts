import { assignWeights, checkInRange, type NamedArrays, type NamedVariable, readWeights } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { defineHook, type TrainerHook, type TrainingRun } from "./hooks.js";
import type { TrainingState } from "./state.js";

/** Under which name checkpoints hold the averages. */
const NAME = "ema";

export interface EmaHookOptions {
  /** Share of the average that stays at a step, in [0, 1). @defaultValue 0.999 */
  readonly decay?: number;
}

/** A hook that owns the averages; they stay until it is disposed. */
export interface EmaHook extends TrainerHook {
  /** Puts the averages into the weights of the run that the hook saw last. */
  apply(): void;
  dispose(): void;
}

/**
 * An exponential moving average of the trained weights and of the running statistics, after every step:
 * `average = decay · average + (1 - decay) · weight`, from the weights at the start. The run itself trains on as if the hook
 * were not there. Checkpoints hold the averages, and `averagedWeights` reads them.
 *
 * @throws InvalidArgumentError if `decay` is out of range.
 * @see Polyak and Juditsky 1992; Tarvainen and Valpola 2017, arXiv:1703.01780
 */
export function emaHook({ decay = 0.999 }: EmaHookOptions = {}): EmaHook {
  checkInRange("emaHook", { decay }, 0, 1 - Number.EPSILON);
  let averages: readonly NamedVariable[] = [];
  let weights: readonly NamedVariable[] = [];
  let restored: NamedArrays | undefined;
  const dispose = (): void => {
    for (const { variable } of averages) variable.dispose();
    averages = [];
  };
  return defineHook({
    name: NAME,
    capture: async () => ({ arrays: await readWeights(averages) }),
    restore({ arrays = {} }) {
      restored = arrays;
    },
    trainStart(run) {
      dispose();
      weights = averaged(run);
      averages = weights.map(({ name, variable }) => ({
        name,
        variable: tf.tidy(() => tf.variable(tf.clone(variable), false)),
      }));
      if (restored !== undefined) assignWeights(averages, restored, "emaHook");
      restored = undefined;
    },
    stepEnd() {
      tf.tidy(() => {
        for (const [i, { variable }] of averages.entries())
          variable.assign(tf.add(tf.mul(decay, variable), tf.mul(1 - decay, weights[i]!.variable)));
      });
    },
    apply() {
      for (const [i, { variable }] of averages.entries()) weights[i]!.variable.assign(variable);
    },
    dispose,
  });
}

/** The weights of a checkpoint with the averages of `emaHook` in their places, if it has some. */
export function averagedWeights({ weights, hooks }: TrainingState): NamedArrays {
  return { ...weights, ...hooks?.[NAME]?.arrays };
}

function averaged({ task }: TrainingRun): NamedVariable[] {
  const trained = new Set(task.weights.map(({ name }) => name));
  return [...task.weights, ...task.state.filter(({ name, role }) => role === "statistic" && !trained.has(name))];
}
