import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { BackendError, InvalidArgumentError } from "@simclr/core";
import type { Binding, NativeInfo, NativeMemory } from "./native.js";

const require = createRequire(import.meta.url);
const INSTALL = "apt-get install -y g++ cmake make libdnnl-dev";

export interface ThreadOptions {
  /**
   * Threads of parallel loops, an integer >= 1.
   * @defaultValue the environment variable `SIMCLR_NUM_THREADS`, else the cores this process may use
   */
  readonly threads?: number;
}

let loaded: Binding | undefined;
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
 * Loads the addon, once per process: the package's own, or the file that `SIMCLR_ONEDNN_ADDON` names.
 * @throws BackendError that says what is missing and which command installs it.
 */
export function loadBinding(): Binding {
  if (loaded) return loaded;
  if (failure) throw failure;
  waitBriefly();
  try {
    loaded = require(addonFile()) as Binding;
  } catch (cause) {
    failure = explain(cause as NodeJS.ErrnoException);
    throw failure;
  }
  setThreads({});
  return loaded;
}

/**
 * Sets the number of threads for all backends of this process. Results may differ in the last bits between
 * different numbers of threads, never between runs with the same number.
 */
export function setThreads(options: ThreadOptions): void {
  loadBinding().setThreads(threadCount(options));
}

/** What the addon runs on: oneDNN's version, instruction set, threads. */
export function onednnInfo(): NativeInfo {
  return loadBinding().info();
}

/** The memory pool's state. */
export function onednnMemory(): NativeMemory {
  return loadBinding().memoryStats();
}

function addonFile(): string {
  const named = process.env.SIMCLR_ONEDNN_ADDON;
  return named ? resolve(named) : "../build/simclr_onednn.node";
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
  const count = threads ?? (variable ? Number(variable) : availableParallelism());
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

function explain(cause: NodeJS.ErrnoException): BackendError {
  const where = `${process.platform}-${process.arch}`;
  const reason = cause.message.split("\n")[0] ?? "";
  if (reason.startsWith("SIMCLR_MAX_ISA")) return new BackendError(reason, { subject: "SIMCLR_MAX_ISA", cause });
  let remedy = `Install the tools with \`${INSTALL}\` and run \`npm run build:native\` in ${packageName()}`;
  let missing = `the addon does not load (${reason})`;
  if (cause.code === "MODULE_NOT_FOUND" && process.env.SIMCLR_ONEDNN_ADDON) {
    missing = `there is no ${addonFile()}`;
    remedy = "Correct or unset SIMCLR_ONEDNN_ADDON";
  } else if (cause.code === "MODULE_NOT_FOUND") {
    missing = "the addon is not built (build/simclr_onednn.node is missing)";
  } else if (reason.includes("libdnnl")) {
    missing = "libdnnl.so.2 is missing";
    remedy = "Install it with `apt-get install -y libdnnl2`";
  } else if (reason.includes("libgomp")) {
    missing = "libgomp.so.1 is missing";
    remedy = "Install it with `apt-get install -y libgomp1`";
  }
  const message = `Cannot load the oneDNN backend on ${where}: ${missing}. ${remedy}, or call tf.setBackend("cpu").`;
  return new BackendError(message, { subject: "onednn", cause });
}

function packageName(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { name: string };
  return manifest.name;
}
