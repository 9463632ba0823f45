import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type BackendError, InvalidArgumentError } from "@simclr/core";
import { availableCores } from "@simclr/core/node";
import { explainFailure, type FailedAttempt, prebuiltPackage } from "./load-failure.js";
import type { Binding, NativeInfo, NativeMemory } from "./native.js";
import { checkSources } from "./native-sources.js";

const require = createRequire(import.meta.url);

export interface ThreadOptions {
  /**
   * Threads of parallel loops, an integer >= 1.
   * @defaultValue the environment variable `SIMCLR_NUM_THREADS`, else the cores this process may use
   */
  readonly threads?: number;
}

let loaded: { readonly binding: Binding; readonly file: string } | undefined;
let failure: BackendError | undefined;

/** Why the addon cannot be loaded on this machine, with the remedy; undefined if it can. */
export function whyNot(): string | undefined {
  try {
    loadBinding();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Loads the addon, once per thread: the file that `SIMCLR_ONEDNN_ADDON` names, or else the installed prebuilt package
 * of this platform, or else the package's own build.
 * @throws BackendError that says what was tried and what helps on this platform.
 */
export function loadBinding(): Binding {
  if (loaded) return loaded.binding;
  if (failure) throw failure;
  waitBriefly();
  const attempts: FailedAttempt[] = [];
  for (const candidate of candidates()) {
    try {
      const file = require.resolve(candidate);
      const binding = require(file) as Binding;
      checkSources(binding.sources);
      loaded = { binding, file };
      break;
    } catch (cause) {
      attempts.push({ candidate, cause: cause as NodeJS.ErrnoException });
    }
  }
  if (!loaded) {
    failure = explainFailure(attempts);
    throw failure;
  }
  // A worker thread shares the addon's state with the thread that loaded it first.
  if (loaded.binding.info().threads === 0) setThreads({});
  return loaded.binding;
}

/**
 * Sets the number of threads for all backends of this process. Results may differ in the last bits between
 * different numbers of threads, never between runs with the same number.
 */
export function setThreads(options: ThreadOptions): void {
  loadBinding().setThreads(threadCount(options));
}

/** What the addon runs on: its file, oneDNN's version, instruction set, threads. */
export function onednnInfo(): NativeInfo {
  const info = loadBinding().info();
  return { ...info, file: loaded!.file };
}

/** The memory pool's state. */
export function onednnMemory(): NativeMemory {
  return loadBinding().memoryStats();
}

/** What `require` is asked for, best first. */
function candidates(): string[] {
  const named = process.env.SIMCLR_ONEDNN_ADDON;
  if (named) return [resolve(named)];
  return [prebuiltPackage(), fileURLToPath(new URL("../build/simclr_onednn.node", import.meta.url))];
}

/**
 * Between two parallel loops the OpenMP runtime would spin for milliseconds and take the cores from loader threads
 * and other programs; a quarter of a millisecond bridges the gap between two kernels. Read when its library loads.
 */
function waitBriefly(): void {
  if (process.env.OMP_WAIT_POLICY === undefined) process.env.GOMP_SPINCOUNT ??= "4000";
}

function threadCount({ threads }: ThreadOptions): number {
  const variable = process.env.SIMCLR_NUM_THREADS;
  const count = threads ?? (variable ? Number(variable) : availableCores());
  if (!Number.isInteger(count) || count < 1 || count > 1024) {
    const name = threads === undefined ? "SIMCLR_NUM_THREADS" : "`threads`";
    const received = String(threads ?? variable);
    throw new InvalidArgumentError(
      `oneDNN backend: ${name} must be an integer from 1 to 1024; received ${received}. Leave it out to use all cores.`,
      { subject: name, expected: "an integer from 1 to 1024", received },
    );
  }
  return count;
}
