import { assignWeights, CheckpointError, type NamedArrays, readWeights } from "@simclr/core";
import type { Optimizer } from "@simclr/optim";
import type { HookState } from "./hooks.js";
import type { TrainingTask } from "./task.js";

/** Everything that a run needs to go on as if it had never stopped, outside of any backend. */
export interface TrainingState {
  /** Updates made. */
  readonly step: number;
  /** `task.state` by name. */
  readonly weights: NamedArrays;
  /** The optimizer's slots by name. */
  readonly slots: NamedArrays;
  /** Who wrote it, as plain JSON values; `task`, `optimizer` and `stepsPerEpoch` are compared at a resume. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** What hooks have to say, by their names; undefined where the checkpoint is from before hooks had a state. */
  readonly hooks?: Readonly<Record<string, HookState>>;
}

type Stateful = Pick<TrainingTask<never>, "name" | "state">;

/** What a state is captured from, and restored to. */
export interface StateOwner {
  readonly task: Stateful;
  readonly optimizer: Optimizer;
  readonly stepsPerEpoch: number;
}

/** Copies weights and slots to the host. Ask between two steps: during one the parts need not belong together. */
export async function captureState(
  { task, optimizer, stepsPerEpoch }: StateOwner,
  step: number,
): Promise<TrainingState> {
  const [weights, slots] = await Promise.all([readWeights(task.state), readWeights(optimizer.slots())]);
  return { step, weights, slots, meta: { task: task.name, optimizer: optimizer.name, stepsPerEpoch } };
}

/**
 * Puts a captured state back.
 *
 * @throws CheckpointError if it was written by another task, optimizer or epoch length, or its tensors do not fit the
 * model; the model's weights are then unchanged.
 */
export function restoreState(owner: StateOwner, state: TrainingState): void {
  const { task, optimizer, stepsPerEpoch } = owner;
  const expected = { task: task.name, optimizer: optimizer.name, stepsPerEpoch };
  for (const [key, value] of Object.entries(expected)) {
    const saved = state.meta[key];
    if (saved === undefined || saved === value) continue;
    throw new CheckpointError(
      `Cannot resume: the checkpoint of step ${state.step} was written with ${key} ${JSON.stringify(saved)}, this run has ${JSON.stringify(value)}. ` +
        `Resume with the settings and the data it was written with, or start a new run from its weights alone.`,
      { subject: key, expected: String(saved), received: String(value) },
    );
  }
  assignWeights(task.state, state.weights, `task "${task.name}"`);
  optimizer.restoreSlots(state.slots);
}
