import { CheckpointError, InvalidArgumentError, type NamedArrays, TrainingError } from "@simclr/core";
import type { HookState, TrainerHook } from "./hooks.js";
import type { TrainingState } from "./state.js";

/**
 * The states of all hooks that have one, by name.
 *
 * @throws TrainingError naming the hook that failed.
 */
export async function captureHooks(hooks: readonly TrainerHook[]): Promise<Record<string, HookState>> {
  const states: Record<string, HookState> = {};
  for (const hook of hooks) {
    if (hook.capture !== undefined) states[hook.name] = await naming(hook, "capture", () => hook.capture!());
  }
  return states;
}

/**
 * Gives every hook what a checkpoint holds of it; a hook that the checkpoint was written without begins anew.
 *
 * @param all - Whether all hooks of the run are here; ranks other than the first may have fewer.
 * @throws CheckpointError if the checkpoint holds the state of a hook that is not there.
 */
export async function restoreHooks(
  hooks: readonly TrainerHook[],
  { step, hooks: states = {} }: TrainingState,
  { all }: { readonly all: boolean },
): Promise<void> {
  const stateful = hooks.filter(({ restore }) => restore !== undefined);
  for (const name of all ? Object.keys(states) : []) {
    if (stateful.some((hook) => hook.name === name)) continue;
    throw new CheckpointError(
      `Cannot resume: the checkpoint of step ${step} holds the state of a hook "${name}", which this run does not have. ` +
        "Add the hook, or start a new run from the checkpoint's weights alone.",
      { subject: name, expected: `hook "${name}"`, received: stateful.map((hook) => hook.name).join(", ") || "none" },
    );
  }
  for (const hook of stateful) {
    const state = states[hook.name];
    if (state !== undefined) await naming(hook, "restore", () => hook.restore!(state));
  }
}

/** @throws InvalidArgumentError if two hooks would share a place in the checkpoint. */
export function checkHookNames(hooks: readonly TrainerHook[]): void {
  const names = hooks.filter(({ capture }) => capture !== undefined).map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return;
  throw new InvalidArgumentError(
    `train: two hooks with a state are called "${twice}"; checkpoints hold states by name. Give each a name of its own.`,
    { subject: twice, expected: "unique names", received: twice },
  );
}

/**
 * @throws TrainingError naming the first tensor that holds anything but finite numbers: from a checkpoint of it no run
 * could go on.
 */
export function checkFiniteState({ step, weights, slots }: TrainingState, task: string): void {
  for (const arrays of [weights, slots]) {
    const name = notFinite(arrays);
    if (name === undefined) continue;
    throw new TrainingError(
      `task "${task}": after step ${step}, "${name}" holds numbers that are not finite; nothing was saved, earlier checkpoints are untouched. Lower the learning rate or lengthen the warm-up, and resume from the last checkpoint.`,
      { subject: name, expected: "finite numbers" },
    );
  }
}

function notFinite(arrays: NamedArrays): string | undefined {
  for (const [name, { data }] of Object.entries(arrays)) {
    // A sum of squares could overflow; this is as fast.
    for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i]!)) return name;
  }
  return undefined;
}

async function naming<T>({ name }: TrainerHook, method: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new TrainingError(`hook "${name}" failed in ${method}: ${message}`, { subject: name, cause });
  }
}
