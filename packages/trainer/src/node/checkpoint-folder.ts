import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { type CheckpointError, isSimclrError } from "@simclr/core";
import { type Checkpoint, checkpointName, loadCheckpoint } from "./checkpoint.js";
import { removeFolder } from "./durable-folder.js";

/** Under which name checkpoints hold the state of `checkpointHook`. */
export const CHECKPOINT_HOOK = "checkpoint";

const NAME = /^step-(\d{8,})(\.old)?$/;

/** A checkpoint's folder, not yet looked into. */
export interface CheckpointEntry {
  readonly path: string;
  readonly step: number;
}

/** A checkpoint that was passed over, and why. */
export interface DamagedCheckpoint {
  readonly path: string;
  readonly error: CheckpointError;
}

export interface LatestCheckpoint {
  /** The newest that is whole; undefined where there is none. */
  readonly checkpoint: Checkpoint | undefined;
  /** Newer ones that were passed over, newest first. */
  readonly damaged: readonly DamagedCheckpoint[];
}

/** The checkpoints of a run, newest first; none where the folder does not exist. Nothing is verified. */
export async function listCheckpoints(runFolder: string): Promise<readonly CheckpointEntry[]> {
  const found: { path: string; step: number; old: boolean }[] = [];
  for (const name of await namesIn(runFolder)) {
    const match = NAME.exec(name);
    if (match !== null)
      found.push({ path: join(runFolder, name), step: Number(match[1]), old: match[2] !== undefined });
  }
  found.sort((a, b) => b.step - a.step || Number(a.old) - Number(b.old));
  return found.map(({ path, step }) => ({ path, step }));
}

/** Loads the newest checkpoint of a run that is whole, and tells which newer ones were passed over. */
export async function latestCheckpoint(runFolder: string): Promise<LatestCheckpoint> {
  const damaged: DamagedCheckpoint[] = [];
  for (const { path } of await listCheckpoints(runFolder)) {
    try {
      return { checkpoint: await loadCheckpoint(path), damaged };
    } catch (error) {
      if (!isSimclrError(error) || error.code !== "checkpoint") throw error;
      damaged.push({ path, error });
    }
  }
  return { checkpoint: undefined, damaged };
}

/** Removes all but the `keep` newest checkpoints, and that of `keepStep`. */
export async function pruneCheckpoints(runFolder: string, keep: number, keepStep?: number): Promise<void> {
  const entries = await listCheckpoints(runFolder);
  for (const { path, step } of entries.slice(keep)) if (step !== keepStep) await removeFolder(path);
}

/**
 * Loads the checkpoint that `best` of `checkpointHook` chose, as the newest whole one says.
 *
 * @returns undefined where no checkpoint was measured.
 * @throws CheckpointError if it is damaged.
 */
export async function bestCheckpoint(runFolder: string): Promise<Checkpoint | undefined> {
  const { checkpoint } = await latestCheckpoint(runFolder);
  const best = checkpoint?.state.hooks?.[CHECKPOINT_HOOK]?.values?.bestStep;
  if (typeof best !== "number") return undefined;
  return best === checkpoint?.state.step ? checkpoint : loadCheckpoint(join(runFolder, checkpointName(best)));
}

/**
 * Renames checkpoints newer than `step` to `<name>.set-aside-<n>`: a run that begins at `step` is about to write its
 * own, and the newest of the folder must be one of that run. Nothing is removed.
 */
export async function setAsideNewer(runFolder: string, step: number): Promise<void> {
  const names = new Set(await namesIn(runFolder));
  for (const entry of await listCheckpoints(runFolder)) {
    if (entry.step <= step) continue;
    let n = 1;
    const name = (): string => `${checkpointName(entry.step)}.set-aside-${n}`;
    while (names.has(name())) n++;
    names.add(name());
    await rename(entry.path, join(runFolder, name()));
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
