import { type Communicator, type NamedArrays, ranksThatDiffer, readWeights, TrainingError } from "@simclr/core";
import { captureState, restoreState, type StateOwner, type TrainingState } from "./state.js";

/**
 * Gives every rank the weights and slots of rank 0, so that ranks start alike whatever they were initialised with;
 * collective. The number of updates made must be the same already.
 *
 * @throws TrainingError on every rank if the ranks stand at different steps or hold other tensors.
 */
export async function shareState(owner: StateOwner, communicator: Communicator, step: number): Promise<void> {
  const state = await captureState(owner, step);
  const arrays = [...inOrder(state.weights), ...inOrder(state.slots)];
  const shapes = arrays.map(([name, { shape }]) => `${name} [${shape}]`).join("\n");
  const differing = await ranksThatDiffer(communicator, [new TextEncoder().encode(`step ${step}\n${shapes}`)]);
  if (differing.length > 0)
    throw new TrainingError(
      `${list(differing)} from rank 0 in the step to start from or in the tensors of the model (rank ${communicator.rank} is at step ${step}, with ${arrays.length} tensors). Give all ranks the same config and the same checkpoints.`,
      { subject: "ranks" },
    );
  const total = arrays.reduce((sum, [, { data }]) => sum + data.length, 0);
  const flat = new Float32Array(total);
  const views: Record<"weights" | "slots", Record<string, NamedArrays[string]>> = { weights: {}, slots: {} };
  let offset = 0;
  for (const part of ["weights", "slots"] as const) {
    for (const [name, { shape, data }] of inOrder(state[part])) {
      flat.set(data, offset);
      views[part][name] = { shape, data: flat.subarray(offset, offset + data.length) };
      offset += data.length;
    }
  }
  await communicator.broadcast(flat, 0);
  const shared: TrainingState = { ...state, weights: views.weights, slots: views.slots };
  restoreState(owner, shared);
}

/**
 * Compares the weights of all ranks, bit by bit in effect (64 bits of hash); collective.
 *
 * @throws TrainingError on every rank if some differ: training goes on silently with nonsense otherwise.
 */
export async function checkRanksAgree(
  { task }: Pick<StateOwner, "task">,
  communicator: Communicator,
  step: number,
): Promise<void> {
  const weights = await readWeights(task.state);
  const differing = await ranksThatDiffer(
    communicator,
    inOrder(weights).map(([, { data }]) => data),
  );
  if (differing.length === 0) return;
  throw new TrainingError(
    `After step ${step} the weights of task "${task.name}" are no longer the same: ${list(differing)} from rank 0. A gradient or a statistic that is not reduced over the ranks, or a random number that depends on the rank, makes them drift. Resume from a checkpoint before this step once it is mended.`,
    { subject: "ranks" },
  );
}

function list(ranks: readonly number[]): string {
  return `${ranks.length === 1 ? "rank" : "ranks"} ${ranks.join(", ")} ${ranks.length === 1 ? "differs" : "differ"}`;
}

function inOrder(arrays: NamedArrays): [string, NamedArrays[string]][] {
  return Object.keys(arrays)
    .sort()
    .map((name) => [name, arrays[name]!]);
}
