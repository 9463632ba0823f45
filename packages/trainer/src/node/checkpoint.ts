import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError, type NamedArrays } from "@simclr/core";
import { decodeSafetensors, encodeSafetensors } from "@simclr/tensor-files";
import type { HookState } from "../hooks.js";
import type { TrainingState } from "../state.js";
import { type FileDigest, writeDurable, writeFolder } from "./durable-folder.js";

const FORMAT = "simclr-checkpoint";
/** 1 had no states of hooks; it is read as one whose hooks begin anew. */
const FORMAT_VERSION = 2;
const READABLE_VERSIONS: readonly unknown[] = [1, FORMAT_VERSION];
const DESCRIPTION = "checkpoint.json";
const WEIGHTS = "weights.safetensors";
const OPTIMIZER = "optimizer.safetensors";
/** Tensors of hooks, called `<hook>:<name>`; only where there are some. */
const HOOKS = "hooks.safetensors";
/** No description is longer; class names and recipes take kilobytes. */
const MAX_DESCRIPTION_BYTES = 64 * 2 ** 20;

/** What travels with the weights, so that whoever loads them needs nothing else. Plain JSON values. */
export interface CheckpointMetadata {
  /** What to build before the weights can be put in. */
  readonly architecture?: unknown;
  readonly recipe?: unknown;
  readonly preprocessing?: unknown;
  readonly classNames?: readonly string[];
  /** Finite numbers; others become null. */
  readonly metrics?: Readonly<Record<string, number | null>>;
  readonly [key: string]: unknown;
}

/** A checkpoint as it was loaded, whole and verified. */
export interface Checkpoint {
  readonly path: string;
  readonly state: TrainingState;
  readonly metadata: CheckpointMetadata;
}

/** `checkpoint.json`. */
interface Description {
  readonly format: string;
  readonly formatVersion: number;
  readonly step: number;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly metadata: CheckpointMetadata;
  /** `values` of the states of hooks, by name; since version 2. */
  readonly hooks?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly files: Readonly<Record<string, FileDigest>>;
  /** SHA-256 (hex) of the JSON text of all that comes before. */
  readonly checksum: string;
}

/** The folder name of a step's checkpoint: `step-00000123`. */
export const checkpointName = (step: number): string => `step-${String(step).padStart(8, "0")}`;

/**
 * Writes a checkpoint as the folder `<folder>/step-00000123`. It gets that name only once the disk has all of it; a
 * process killed at any instant leaves every earlier checkpoint as it was. One of the same step is replaced.
 *
 * @returns The path of the checkpoint.
 * @throws CheckpointError if it cannot be written; earlier checkpoints are then untouched.
 */
export async function saveCheckpoint(
  folder: string,
  { state, metadata = {} }: { readonly state: TrainingState; readonly metadata?: CheckpointMetadata },
): Promise<string> {
  const path = join(folder, checkpointName(state.step));
  try {
    await writeFolder(path, async (temporary) => {
      const write = (name: string, arrays: NamedArrays): Promise<FileDigest> =>
        writeDurable(join(temporary, name), encodeSafetensors({ arrays, metadata: { step: String(state.step) } }));
      const { step, meta } = state;
      const { values: hooks, arrays } = splitHooks(state.hooks ?? {});
      const files = {
        [WEIGHTS]: await write(WEIGHTS, state.weights),
        [OPTIMIZER]: await write(OPTIMIZER, state.slots),
        ...(Object.keys(arrays).length > 0 && { [HOOKS]: await write(HOOKS, arrays) }),
      };
      const body = { format: FORMAT, formatVersion: FORMAT_VERSION, step, meta, metadata, hooks, files };
      const plain: Record<string, unknown> = JSON.parse(JSON.stringify(body));
      const text = JSON.stringify({ ...plain, checksum: checksumOf(plain) }, null, 2);
      await writeDurable(join(temporary, DESCRIPTION), [new TextEncoder().encode(`${text}\n`)]);
    });
  } catch (cause) {
    throw new CheckpointError(
      `Cannot save the checkpoint ${path}: ${(cause as Error).message}. Earlier checkpoints are untouched. Check free space and permissions of ${folder}.`,
      { subject: path, cause },
    );
  }
  return path;
}

/**
 * Reads a checkpoint and verifies every byte of it before anything is used.
 *
 * @param path - The checkpoint's own folder, such as `run/step-00000123`.
 * @throws CheckpointError naming the file that is missing, cut short or altered, or the other format version.
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const { step, meta, metadata, files, hooks } = await readDescription(path);
  const weights = await readArrays(path, WEIGHTS, files);
  const slots = await readArrays(path, OPTIMIZER, files);
  const arrays = HOOKS in files ? await readArrays(path, HOOKS, files) : {};
  const state = { step, weights, slots, meta, ...(hooks && { hooks: joinHooks(hooks, arrays) }) };
  return { path, state, metadata };
}

type HookValues = NonNullable<Description["hooks"]>;

/** States of hooks as `checkpoint.json` and a file of tensors hold them. */
function splitHooks(states: Readonly<Record<string, HookState>>): { values: HookValues; arrays: NamedArrays } {
  const names = Object.keys(states);
  return {
    values: Object.fromEntries(names.map((hook) => [hook, states[hook]!.values ?? {}])),
    arrays: Object.fromEntries(
      names.flatMap((hook) => {
        return Object.entries(states[hook]!.arrays ?? {}).map(([name, array]) => [`${hook}:${name}`, array]);
      }),
    ),
  };
}

function joinHooks(values: HookValues, arrays: NamedArrays): Record<string, HookState> {
  const states = Object.entries(values).map(([hook, own]): [string, HookState] => {
    const prefix = `${hook}:`;
    const named = Object.entries(arrays).filter(([name]) => name.startsWith(prefix));
    const ofHook = Object.fromEntries(named.map(([name, array]) => [name.slice(prefix.length), array]));
    return [hook, { values: own, arrays: ofHook }];
  });
  return Object.fromEntries(states);
}

const REMEDY = "Load another checkpoint of the run, or copy this one again.";

const checksumOf = (plain: Readonly<Record<string, unknown>>): string =>
  createHash("sha256").update(JSON.stringify(plain)).digest("hex");

function refuse(path: string, problem: string, remedy = REMEDY): never {
  throw new CheckpointError(`The checkpoint ${path} cannot be used: ${problem}. ${remedy}`, { subject: path });
}

async function readDescription(path: string): Promise<Description> {
  const bytes = await readWhole(path, DESCRIPTION, MAX_DESCRIPTION_BYTES);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    return refuse(path, `${DESCRIPTION} is damaged (${(error as Error).message})`);
  }
  const { checksum, ...rest } = (parsed ?? {}) as Partial<Description>;
  if (rest.format !== FORMAT) return refuse(path, `${DESCRIPTION} does not say that it is a ${FORMAT}`);
  if (!READABLE_VERSIONS.includes(rest.formatVersion))
    return refuse(
      path,
      `it has format version ${JSON.stringify(rest.formatVersion)}, this program reads versions ${READABLE_VERSIONS.join(" and ")}`,
      "Use the release of simclr that wrote it.",
    );
  if (checksum !== checksumOf(rest)) return refuse(path, `${DESCRIPTION} was altered (its checksum does not match)`);
  return parsed as Description; // written by saveCheckpoint, as the checksum shows
}

async function readArrays(path: string, name: string, files: Description["files"]): Promise<NamedArrays> {
  const expected = files[name] ?? refuse(path, `${DESCRIPTION} does not list ${name}`);
  const bytes = await readWhole(path, name, expected.bytes);
  if (bytes.length < expected.bytes)
    refuse(path, `${name} is cut short: it has ${bytes.length} of ${expected.bytes} bytes`);
  if (createHash("sha256").update(bytes).digest("hex") !== expected.sha256)
    refuse(path, `${name} was altered (its SHA-256 does not match)`);
  return decodeSafetensors(bytes, join(path, name)).arrays;
}

/** Reads a file of at most `maximum` bytes. */
async function readWhole(path: string, name: string, maximum: number): Promise<Uint8Array> {
  const file = await open(join(path, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR")
      return refuse(path, `${name} cannot be opened: ${error.message}`);
    return stat(path).then(
      () => refuse(path, `the file ${name} is missing`),
      () => refuse(path, "there is no such folder", "Check the path."),
    );
  });
  try {
    const { size } = await file.stat();
    if (size > maximum) refuse(path, `${name} has ${size} bytes, where at most ${maximum} are expected`);
    const bytes = new Uint8Array(size);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(bytes, length, Math.min(size - length, 2 ** 28));
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}
