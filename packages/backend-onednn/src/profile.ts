import type * as tf from "@tensorflow/tfjs-core";
import type { KernelCall, KernelResult, NativeKernel } from "./kernel.js";

export interface ProfileOptions {
  /** Whether convolutions and matrix products of different shapes are told apart. @defaultValue false */
  readonly byShape?: boolean;
}

/** What all calls of one kernel did together. A call that another kernel makes belongs to that one. */
export interface KernelProfile {
  /** Name in tfjs-core's registry. */
  readonly kernel: string;
  /** `operands -> result`, such as `[8,32,32,3] [3,3,3,64] -> [8,32,32,64]`; of convolutions and products `byShape`. */
  readonly shapes: string | undefined;
  /** Whether these calls ran in tfjs's cpu backend, on copies of their operands. */
  readonly delegated: boolean;
  readonly calls: number;
  /** Time in the kernel, copies to and from the host included. */
  readonly totalMs: number;
  /** Bytes of the results; views of an operand, as `Reshape` gives, count nothing. */
  readonly outputBytes: number;
  /**
   * Floating-point operations of convolutions and matrix products in the addon: two for each multiplication and
   * addition of the direct method, also where Winograd's does with fewer. undefined for other kernels.
   */
  readonly flops: number | undefined;
}

/** Where the time of a piece of work went. */
export interface OnednnProfile {
  /** The slowest kernel first. */
  readonly kernels: readonly KernelProfile[];
  /** Time from start to stop; what is not in kernels went to JavaScript, reads and waiting. */
  readonly wallMs: number;
}

/** One call that has ended. */
interface FinishedCall {
  readonly name: string;
  readonly kernel: NativeKernel | undefined;
  readonly call: KernelCall;
  readonly results: readonly tf.TensorInfo[];
  readonly ms: number;
}

type Totals = { -readonly [K in keyof KernelProfile]: KernelProfile[K] };

class Recorder {
  readonly #byShape: boolean;
  readonly #totals = new Map<string, Totals>();
  readonly #start = performance.now();

  constructor({ byShape = false }: ProfileOptions) {
    this.#byShape = byShape;
  }

  add({ name, kernel, call, results, ms }: FinishedCall): void {
    const flops = kernel?.flops?.(call);
    const shapes = this.#byShape && flops !== undefined ? describeShapes(call, results) : undefined;
    const key = `${name} ${kernel ? "" : "delegated"} ${shapes ?? ""}`;
    let totals = this.#totals.get(key);
    if (!totals) {
      totals = { kernel: name, shapes, delegated: !kernel, calls: 0, totalMs: 0, outputBytes: 0, flops: undefined };
      this.#totals.set(key, totals);
    }
    totals.calls++;
    totals.totalMs += ms;
    totals.outputBytes += newBytes(call, results);
    if (flops !== undefined) totals.flops = (totals.flops ?? 0) + flops;
  }

  report(): OnednnProfile {
    const kernels = [...this.#totals.values()].map((totals) => ({ ...totals }));
    return { kernels: kernels.sort((a, b) => b.totalMs - a.totalMs), wallMs: performance.now() - this.#start };
  }
}

const recorders = new Set<Recorder>();
let insideKernel = false;

/** Whether somebody wants to know what kernels do. */
export function isProfiling(): boolean {
  return recorders.size > 0;
}

/** Runs a call, in the addon where `kernel` is given, and tells all recorders. */
export function runProfiled(
  name: string,
  kernel: NativeKernel | undefined,
  call: KernelCall,
  run: () => KernelResult,
): KernelResult {
  if (insideKernel) return run();
  insideKernel = true;
  const start = performance.now();
  try {
    const result = run();
    const ms = performance.now() - start;
    const results = Array.isArray(result) ? result : [result];
    for (const recorder of recorders) recorder.add({ name, kernel, call, results, ms });
    return result;
  } finally {
    insideKernel = false;
  }
}

/**
 * Starts to record every kernel of the backend `onednn`, whoever calls it; profiles may overlap.
 *
 * @returns a function that stops and gives the profile.
 */
export function startOnednnProfile(options: ProfileOptions = {}): () => OnednnProfile {
  const recorder = new Recorder(options);
  recorders.add(recorder);
  return () => {
    recorders.delete(recorder);
    return recorder.report();
  };
}

/**
 * Runs `f` and says where its time went: every kernel of the backend `onednn` that ran before its promise settled.
 *
 * @returns the result of `f` and its profile.
 */
export async function profileOnednn<T>(
  f: () => T | Promise<T>,
  options: ProfileOptions = {},
): Promise<{ result: T; profile: OnednnProfile }> {
  const stop = startOnednnProfile(options);
  let result: T;
  let profile: OnednnProfile;
  try {
    result = await f();
  } finally {
    profile = stop();
  }
  return { result, profile };
}

function describeShapes({ inputs }: KernelCall, results: readonly tf.TensorInfo[]): string {
  const list = (infos: readonly tf.TensorInfo[]) => infos.map(({ shape }) => `[${shape.join(",")}]`).join(" ");
  return `${list(Object.values(inputs).filter(Boolean))} -> ${list(results)}`;
}

function newBytes({ inputs, backend }: KernelCall, results: readonly tf.TensorInfo[]): number {
  const known = new Set(Object.values(inputs).map((info) => info?.dataId));
  const made = results.filter(({ dataId }) => !known.has(dataId));
  return made.reduce((bytes, info) => bytes + backend.sizeInBytes(info), 0);
}
