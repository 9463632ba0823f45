import { type Communicator, type NamedArrays, readWeights, TrainingError } from "@simclr/core";
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
  const facts = Float32Array.from([step, ...hash(new TextEncoder().encode(shapes))]);
  const differing = await ranksThatDiffer(communicator, facts);
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
  const hashes = inOrder(weights).map(([, { data }]) => hash(data));
  const bytes = new Uint8Array(Float32Array.from(hashes.flat()).buffer);
  const differing = await ranksThatDiffer(communicator, hash(bytes));
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

async function ranksThatDiffer(communicator: Communicator, own: ArrayLike<number>): Promise<number[]> {
  const all = await communicator.allGather(Float32Array.from(own));
  const ranks = Array.from({ length: communicator.size }, (_, rank) => rank);
  return ranks.filter((rank) => Array.from(own).some((_, i) => all[rank * own.length + i] !== all[i]));
}

/** FNV-1a in two lanes, over words or bytes, as four integers that float32 holds exactly. */
function hash(values: Float32Array | Uint8Array): number[] {
  const words =
    values instanceof Uint8Array ? values : new Uint32Array(values.buffer, values.byteOffset, values.length);
  let [a, b] = [0x811c9dc5, 0x1b873593];
  for (let i = 0; i < words.length; i++) {
    a = Math.imul(a ^ words[i]!, 0x01000193);
    b = Math.imul(b ^ words[i]!, 0x85ebca6b) ^ (b >>> 15);
  }
  return [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
}
