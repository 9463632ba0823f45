import { createRequire } from "node:module";
import { BackendError } from "@simclr/core";

/** A communicator, datatype or operation: an address in Open MPI, a 32-bit integer in MPICH and its relatives. */
export type MpiHandle = number | bigint;
type Status = number;
export type MpiArgument = Float32Array | MpiHandle;

/** A collective call, with the arguments of C; `async` runs it on a worker thread. */
export interface MpiFunction {
  (...args: MpiArgument[]): Status;
  async(...args: [...MpiArgument[], (error: Error | null, status: Status) => void]): void;
}

/** The functions of MPI that are used, as C has them; each returns a status. */
interface MpiFunctions {
  initThread(argc: null, argv: null, required: number, provided: [number]): Status;
  finalize(): Status;
  abort(communicator: MpiHandle, code: number): Status;
  commRank(communicator: MpiHandle, rank: [number]): Status;
  commSize(communicator: MpiHandle, size: [number]): Status;
  commDup(communicator: MpiHandle, copy: [MpiHandle | null]): Status;
  commSetErrhandler(communicator: MpiHandle, handler: MpiHandle): Status;
  errorString(code: Status, text: Uint8Array, length: [number]): Status;
  libraryVersion(text: Uint8Array, length: [number]): Status;
  startBarrier(communicator: MpiHandle, request: [MpiHandle | null]): Status;
  test(request: [MpiHandle | null], done: [number], status: MpiHandle | null): Status;
  /** (from, to, count, datatype, operation, communicator) */
  allReduce: MpiFunction;
  /** (from, count, datatype, to, count, datatype, communicator) */
  allGather: MpiFunction;
  /** (from, to, count of one part, datatype, operation, communicator) */
  reduceScatterBlock: MpiFunction;
  /** (buffer, count, datatype, root, communicator) */
  broadcast: MpiFunction;
}

/** The handles of mpi.h that are used. */
interface MpiConstants {
  readonly world: MpiHandle;
  readonly float: MpiHandle;
  readonly sum: MpiHandle;
  readonly max: MpiHandle;
  readonly errorsReturn: MpiHandle;
  readonly inPlace: MpiHandle;
  readonly statusIgnore: MpiHandle | null;
}

export interface MpiBindings {
  /** File that was loaded. */
  readonly file: string;
  readonly family: "Open MPI" | "MPICH";
  readonly functions: MpiFunctions;
  readonly constants: MpiConstants;
  /** Bytes that wait in a pipe, given the descriptor of either end; 0 where the platform does not say. */
  unread(descriptor: number): number;
}

/** The parts of koffi 3 that are used; it is an optional peer, so its types may be absent. */
interface Koffi {
  config(options: { async_stack_size: number; sync_stack_size: number }): void;
  /** `null` is the process itself. */
  load(file: string | null, options?: { global: boolean }): KoffiLibrary;
  out(type: unknown): unknown;
  inout(type: unknown): unknown;
  pointer(type: string): unknown;
}
interface KoffiLibrary {
  func(name: string, result: string, parameters: readonly unknown[]): unknown;
  symbol(name: string): bigint;
}

/** Where the libraries are called, the launcher's own first. */
const OPEN_MPI = ["libmpi.so.40", "libmpi.40.dylib"];
const MPICH = ["libmpich.so.12", "libmpi.so.12", "libmpi.12.dylib"];

let loaded: MpiBindings | undefined;

/**
 * Loads libmpi through koffi, once a process; either family of ABIs.
 *
 * @param file - Path or name of the library; by default the usual names, those of `family` first.
 * @throws BackendError if koffi or every library is missing; the message names the packages that have them.
 */
export function loadMpi(file?: string, family: MpiBindings["family"] = "Open MPI"): MpiBindings {
  loaded ??= bind(file, family);
  return loaded;
}

function bind(file: string | undefined, family: MpiBindings["family"]): MpiBindings {
  const koffi = loadKoffi();
  // UCX, which MPICH may be built on, takes over malloc and sbrk of a process that has threads already: V8's were seen to crash
  // (openucx/ucx#3831). It needs that for caches of registered memory, on InfiniBand; who wants them sets it to y.
  process.env.UCX_MEM_EVENTS ??= "n";
  // A call runs on a stack of koffi's own: 128 KiB for asynchronous ones unless told otherwise, before the first load.
  koffi.config({ async_stack_size: 2 ** 21, sync_stack_size: 2 ** 23 });
  const names = file !== undefined ? [file] : family === "MPICH" ? [...MPICH, ...OPEN_MPI] : [...OPEN_MPI, ...MPICH];
  const reasons: string[] = [];
  for (const name of names) {
    try {
      return bindLibrary(koffi, koffi.load(name, { global: true }), name);
    } catch (error) {
      reasons.push(`${name}: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  throw new BackendError(
    `Cannot load MPI (tried ${reasons.join("; ")}). Install it, on Debian with \`apt-get install -y openmpi-bin\`, or name the library in SIMCLR_MPI_LIBRARY.`,
    { subject: "libmpi" },
  );
}

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)("koffi") as Koffi;
  } catch (error) {
    throw new BackendError(
      `MPI needs the package koffi, which could not be loaded (${(error as Error).message.split("\n")[0]}). Install it with \`npm install koffi@3\`.`,
      { subject: "koffi", cause: error },
    );
  }
}

function bindLibrary(koffi: Koffi, library: KoffiLibrary, file: string): MpiBindings {
  const symbol = (name: string): bigint | undefined => {
    try {
      return library.symbol(name);
    } catch {
      return undefined;
    }
  };
  const world = symbol("ompi_mpi_comm_world");
  const family = world === undefined ? "MPICH" : "Open MPI";
  const handle = world === undefined ? "int" : "void *";
  const address = "void *";
  const out = (type: string) => koffi.out(koffi.pointer(type));
  // koffi does not type what it binds; `MpiFunctions` does, beside each declaration.
  const f = (name: string, parameters: readonly unknown[]) => library.func(name, "int", parameters) as never;
  const functions: MpiFunctions = {
    initThread: f("MPI_Init_thread", [address, address, "int", out("int")]),
    finalize: f("MPI_Finalize", []),
    abort: f("MPI_Abort", [handle, "int"]),
    commRank: f("MPI_Comm_rank", [handle, out("int")]),
    commSize: f("MPI_Comm_size", [handle, out("int")]),
    commDup: f("MPI_Comm_dup", [handle, out(handle)]),
    commSetErrhandler: f("MPI_Comm_set_errhandler", [handle, handle]),
    errorString: f("MPI_Error_string", ["int", address, out("int")]),
    libraryVersion: f("MPI_Get_library_version", [address, out("int")]),
    startBarrier: f("MPI_Ibarrier", [handle, out(handle)]),
    test: f("MPI_Test", [koffi.inout(koffi.pointer(handle)), out("int"), address]),
    allReduce: f("MPI_Allreduce", [address, address, "int", handle, handle, handle]),
    allGather: f("MPI_Allgather", [address, "int", handle, address, "int", handle, handle]),
    reduceScatterBlock: f("MPI_Reduce_scatter_block", [address, address, "int", handle, handle, handle]),
    broadcast: f("MPI_Bcast", [address, "int", handle, "int", handle]),
  };
  const constants: MpiConstants =
    world === undefined
      ? {
          world: 0x44000000,
          float: 0x4c00040a,
          sum: 0x58000003,
          max: 0x58000001,
          errorsReturn: 0x54000001,
          inPlace: 0xffffffffffffffffn, // (void *) -1
          statusIgnore: 1n,
        }
      : {
          world,
          float: library.symbol("ompi_mpi_float"),
          sum: library.symbol("ompi_mpi_op_sum"),
          max: library.symbol("ompi_mpi_op_max"),
          errorsReturn: library.symbol("ompi_mpi_errors_return"),
          inPlace: 1n,
          statusIgnore: null,
        };
  return { file, family, functions, constants, unread: bindUnread(koffi) };
}

/** FIONREAD of Linux's asm-generic/ioctls.h, which x86, Arm and RISC-V use. */
const BYTES_TO_READ = 0x541b;

function bindUnread(koffi: Koffi): MpiBindings["unread"] {
  if (process.platform !== "linux") return () => 0;
  type Ioctl = (descriptor: number, request: number, value: [number]) => number;
  const parameters = ["int", "ulong", koffi.out(koffi.pointer("int"))];
  const ioctl = koffi.load(null).func("ioctl", "int", parameters) as Ioctl;
  return (descriptor) => {
    const bytes: [number] = [0];
    return ioctl(descriptor, BYTES_TO_READ, bytes) === 0 ? bytes[0] : 0;
  };
}
