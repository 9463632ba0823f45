import {
  BackendError,
  type BlockingCollectives,
  type Communicator,
  checkPositive,
  InvalidArgumentError,
  type Reduction,
  TrainingError,
} from "@simclr/core";
import type { Launcher } from "../launcher.js";
import { Waits } from "../waits.js";
import { loadMpi, type MpiArgument, type MpiBindings, type MpiFunction, type MpiHandle } from "./bindings.js";
import { untilRead } from "./until-read.js";

/** Values up to which a call blocks the event loop: 1 MiB takes 0.1 to 0.3 ms in shared memory, a worker thread's hop 15 to 70 µs. */
const BLOCKING_VALUES = 2 ** 18;
const THREAD_SERIALIZED = 2;
const THREAD_MULTIPLE = 3;
/** Exit code of all ranks when one gives up. */
export const ABORT_CODE = 70;

export interface MpiOptions {
  /** Path or name of libmpi. @defaultValue SIMCLR_MPI_LIBRARY, else the usual names */
  readonly library?: string | undefined;
  /** What started this process; its size must be MPI's. */
  readonly launcher?: Launcher | undefined;
  /**
   * Longest wait in a collective, in milliseconds; longer than the launcher's keepalive, and than whatever one rank does alone
   * between two steps. A barrier may take 12 times as long. @defaultValue 600000
   */
  readonly stallMs?: number | undefined;
}

/** A communicator over MPI, and what its library says of itself. */
export interface MpiCommunicator extends Communicator {
  /** First line of the library's own version text. */
  readonly version: string;
}

/**
 * Joins the other ranks that a launcher started.
 *
 * Collectives of up to 1 MiB block the event loop; larger ones run on a worker thread, one at a time, in the order of the
 * calls. Until `close`, an uncaught error or an exit with a code other than 0 ends every rank: a rank that leaves
 * silently would let the others wait for ever. A rank that waits longer than `stallMs` for one that hangs is killed, and
 * the launcher ends the others.
 *
 * @throws BackendError if libmpi or koffi is missing, MPI does not start, or it sees another number of ranks than the
 * launcher started (a launcher of one MPI with the library of another).
 */
export function mpiCommunicator({ library, launcher, stallMs = 600_000 }: MpiOptions = {}): MpiCommunicator {
  checkPositive("mpiCommunicator", { stallMs });
  const family = launcher?.name === "MPICH" ? "MPICH" : "Open MPI";
  const mpi = loadMpi(library ?? process.env.SIMCLR_MPI_LIBRARY, family);
  return new Ranks(mpi, launcher, stallMs);
}

/** One collective that is ready to be made. Its closures keep the buffers reachable, which koffi does not. */
interface Call<R> {
  readonly name: string;
  /** Values that travel. */
  readonly count: number;
  readonly function: MpiFunction;
  argumentsOn(communicator: MpiHandle): MpiArgument[];
  result(): R;
}

class Ranks implements MpiCommunicator {
  readonly rank: number;
  readonly size: number;
  readonly version: string;
  readonly #mpi: MpiBindings;
  /** Calls on the main thread, and calls on a worker thread, which must not meet. */
  readonly #world: MpiHandle;
  readonly #background: MpiHandle;
  /** Whether a blocking call may run while another is under way on a worker thread. */
  readonly #threads: boolean;
  readonly #waits: Waits;
  #tail: Promise<unknown> = Promise.resolve();
  /** Calls under way on worker threads. */
  #pending = 0;
  #closed = false;

  constructor(mpi: MpiBindings, launcher: Launcher | undefined, stallMs: number) {
    this.#mpi = mpi;
    const { functions, constants } = mpi;
    this.#world = constants.world;
    const provided: [number] = [0];
    this.#check("MPI_Init_thread", functions.initThread(null, null, THREAD_MULTIPLE, provided));
    if (provided[0] < THREAD_SERIALIZED)
      throw new BackendError(
        `${mpi.file} allows calls from the main thread only (level ${provided[0]}); at least MPI_THREAD_SERIALIZED is needed. Use an MPI that was built with threads.`,
        { subject: mpi.file },
      );
    this.#threads = provided[0] >= THREAD_MULTIPLE;
    this.#check("MPI_Comm_set_errhandler", functions.commSetErrhandler(this.#world, constants.errorsReturn));
    const copy: [MpiHandle | null] = [null];
    this.#check("MPI_Comm_dup", functions.commDup(this.#world, copy));
    this.#background = copy[0]!;
    this.rank = this.#number("MPI_Comm_rank", (out) => functions.commRank(this.#world, out));
    this.size = this.#number("MPI_Comm_size", (out) => functions.commSize(this.#world, out));
    this.version = readText(functions.libraryVersion).split("\n")[0]!;
    if (launcher && launcher.size !== this.size) {
      functions.finalize();
      throw new BackendError(
        `${launcher.name} started ${launcher.size} ranks (${launcher.variable}), but ${mpi.file} (${this.version}) sees ${this.size}. Start with the mpirun that belongs to this library, or name the launcher's library in SIMCLR_MPI_LIBRARY.`,
        { subject: "ranks", expected: String(launcher.size), received: String(this.size) },
      );
    }
    this.#waits = new Waits(stallMs);
    process.on("uncaughtExceptionMonitor", this.#onUncaught);
    process.on("exit", this.#onExit);
  }

  get waitedMs(): number {
    return this.#waits.waitedMs;
  }

  readonly blocking: BlockingCollectives = {
    allReduce: (values, reduction) => this.#block(this.#allReduce(values, reduction)),
    allGather: (values) => this.#block(this.#allGather(values)),
    reduceScatter: (values, reduction) => this.#block(this.#reduceScatter(values, reduction)),
  };

  async allReduce(values: Float32Array, reduction: Reduction): Promise<void> {
    return this.#collective(this.#allReduce(values, reduction));
  }

  async allGather(values: Float32Array): Promise<Float32Array> {
    return this.#collective(this.#allGather(values));
  }

  async reduceScatter(values: Float32Array, reduction: Reduction): Promise<Float32Array> {
    return this.#collective(this.#reduceScatter(values, reduction));
  }

  async broadcast(values: Float32Array, root: number): Promise<void> {
    checkBuffer("broadcast", values);
    if (!Number.isInteger(root) || root < 0 || root >= this.size)
      throw new InvalidArgumentError(`broadcast: \`root\` must be a rank below ${this.size}; received ${root}.`, {
        subject: "root",
        expected: `an integer in [0, ${this.size - 1}]`,
        received: String(root),
      });
    const { functions, constants } = this.#mpi;
    return this.#collective({
      name: "MPI_Bcast",
      count: values.length,
      function: functions.broadcast,
      argumentsOn: (communicator) => [values, values.length, constants.float, root, communicator],
      result: () => undefined,
    });
  }

  /** Looks every few milliseconds whether all are there: a rank that waits in MPI takes a whole core from those at work. */
  barrier(): Promise<void> {
    const { functions, constants } = this.#mpi;
    return this.#after(async () => {
      this.#checkOpen("MPI_Ibarrier");
      const request: [MpiHandle | null] = [null];
      this.#check("MPI_Ibarrier", functions.startBarrier(this.#background, request));
      const done: [number] = [0];
      await this.#waits.inBarrier(async () => {
        for (let waitMs = 0.5; ; waitMs = Math.min(2 * waitMs, 20)) {
          this.#check("MPI_Test", functions.test(request, done, constants.statusIgnore));
          if (done[0] !== 0) return;
          await new Promise((resolve) => setTimeout(resolve, waitMs));
        }
      });
    });
  }

  async abort(reason: string): Promise<void> {
    process.stderr.write(`rank ${this.rank} of ${this.size} ends all ranks: ${reason}\n`);
    this.#abort(ABORT_CODE);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#tail;
    this.#closed = true;
    process.off("uncaughtExceptionMonitor", this.#onUncaught);
    process.off("exit", this.#onExit);
    this.#check(
      "MPI_Finalize",
      this.#waits.inBlocking(() => this.#mpi.functions.finalize()),
    );
    await this.#waits.stop();
  }

  // ---- private

  #allReduce(values: Float32Array, reduction: Reduction): Call<void> {
    checkBuffer("allReduce", values);
    const { functions, constants } = this.#mpi;
    const operation = reduction === "max" ? constants.max : constants.sum;
    return {
      name: "MPI_Allreduce",
      count: values.length,
      function: functions.allReduce,
      argumentsOn: (each) => [constants.inPlace, values, values.length, constants.float, operation, each],
      result: () => this.#finish(values, reduction),
    };
  }

  #allGather(values: Float32Array): Call<Float32Array> {
    checkBuffer("allGather", values);
    const { functions, constants } = this.#mpi;
    const all = new Float32Array(values.length * this.size);
    const [count, type] = [values.length, constants.float];
    return {
      name: "MPI_Allgather",
      count: all.length,
      function: functions.allGather,
      argumentsOn: (communicator) => [values, count, type, all, count, type, communicator],
      result: () => all,
    };
  }

  #reduceScatter(values: Float32Array, reduction: Reduction): Call<Float32Array> {
    checkBuffer("reduceScatter", values);
    if (values.length % this.size !== 0)
      throw new InvalidArgumentError(
        `reduceScatter: \`values\` must hold a multiple of ${this.size} values, one part for each rank; received ${values.length}.`,
        { subject: "values", expected: `a multiple of ${this.size}`, received: String(values.length) },
      );
    const { functions, constants } = this.#mpi;
    const operation = reduction === "max" ? constants.max : constants.sum;
    const own = new Float32Array(values.length / this.size);
    return {
      name: "MPI_Reduce_scatter_block",
      count: values.length,
      function: functions.reduceScatterBlock,
      argumentsOn: (communicator) => [values, own, own.length, constants.float, operation, communicator],
      result: () => {
        this.#finish(own, reduction);
        return own;
      },
    };
  }

  /** Runs a call on this thread if it is small, else on a worker thread after those before it. */
  #collective<R>(call: Call<R>): Promise<R> {
    if (call.count <= BLOCKING_VALUES)
      return this.#threads ? settle(() => this.#block(call)) : this.#after(async () => this.#block(call));
    const start = (): Promise<R> =>
      new Promise((resolve, reject) => {
        this.#checkOpen(call.name);
        call.function.async(...call.argumentsOn(this.#background), (error, status) => {
          this.#pending--;
          if (error) reject(error);
          else resolve(settle(() => this.#checked(call.name, status, call.result)));
        });
        this.#pending++;
      });
    return this.#after(() => this.#waits.inCollective(start));
  }

  #block<R>(call: Call<R>): R {
    this.#checkOpen(call.name);
    if (!this.#threads && this.#pending > 0)
      throw new TrainingError(
        `${call.name}: another call is under way on a worker thread, and ${this.#mpi.file} was not built for several threads (MPI_THREAD_MULTIPLE). Await it first, or use another MPI.`,
        { subject: call.name },
      );
    const status = this.#waits.inBlocking(() => call.function(...call.argumentsOn(this.#world)));
    return this.#checked(call.name, status, call.result);
  }

  #checkOpen(name: string): void {
    if (this.#closed) throw new TrainingError(`${name}: this communicator is closed.`, { subject: "communicator" });
  }

  #after<R>(run: () => Promise<R>): Promise<R> {
    const next = this.#tail.then(run);
    this.#tail = next.catch(() => undefined);
    return next;
  }

  #finish(values: Float32Array, reduction: Reduction): void {
    if (reduction !== "mean") return;
    for (let i = 0; i < values.length; i++) values[i]! /= this.size;
  }

  #number(name: string, call: (out: [number]) => number): number {
    const out: [number] = [0];
    this.#check(name, call(out));
    return out[0];
  }

  #checked<R>(name: string, status: number, result: () => R): R {
    this.#check(name, status);
    return result();
  }

  #check(name: string, status: number): void {
    if (status === 0) return;
    const text = readText((buffer, length) => this.#mpi.functions.errorString(status, buffer, length));
    throw new TrainingError(
      `${name} failed: ${text}. Every rank must make the same calls with as many values; see the other ranks' output.`,
      { subject: name },
    );
  }

  #abort(code: number): void {
    this.#closed = true;
    untilRead(this.#mpi.unread);
    this.#mpi.functions.abort(this.#world, code); // does not return
  }

  #onUncaught = (error: unknown): void => {
    process.stderr.write(`rank ${this.rank}: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    if (!this.#closed) this.#abort(ABORT_CODE);
  };

  #onExit = (code: number): void => {
    if (this.#closed) return;
    if (code === 0) {
      this.#closed = true;
      this.#waits.inBlocking(() => this.#mpi.functions.finalize());
    } else {
      this.#abort(code);
    }
  };
}

function settle<R>(f: () => R): Promise<R> {
  return new Promise((resolve) => resolve(f()));
}

/** koffi would pass any typed array as bytes: the sum of a Float64Array's halves is a number too. */
function checkBuffer(name: string, values: Float32Array): void {
  if (values instanceof Float32Array && values.length < 2 ** 31) return;
  const received = values instanceof Float32Array ? `${values.length} values` : Object.prototype.toString.call(values);
  throw new InvalidArgumentError(
    `${name}: \`values\` must be a Float32Array of fewer than 2^31 values; received ${received}.`,
    { subject: "values", expected: "a Float32Array of fewer than 2^31 values", received },
  );
}

function readText(read: (text: Uint8Array, length: [number]) => number): string {
  const text = new Uint8Array(8192);
  const length: [number] = [0];
  read(text, length);
  return new TextDecoder("latin1").decode(text.subarray(0, length[0])).replace(/\0.*$/s, "").trim();
}
