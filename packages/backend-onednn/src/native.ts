/** A tensor's storage in the addon: slot and generation in one integer. */
export type Handle = number;

/** Storage as JavaScript sees it: bool is one byte per value. */
export type HostArray = Float32Array | Int32Array | Uint8Array;

/** What kernels of the addon take. */
export type NativeArgument = number | boolean | string | null | readonly number[];

/** A kernel of the addon: takes handles and plain values, returns a new handle, or several. */
type NativeFunction = (...args: readonly NativeArgument[]) => Handle | readonly Handle[];

export interface NativeInfo {
  /** The addon's file. */
  readonly file: string;
  /** Version of oneDNN. */
  readonly version: string;
  /** Highest instruction set that oneDNN uses here. */
  readonly isa: string;
  /** Instruction set of the addon's own kernels. */
  readonly ownIsa: "baseline" | "avx2" | "avx512";
  /** Threads of parallel loops. */
  readonly threads: number;
  /** Whether the processor multiplies bfloat16 itself; without that, `bfloat16` saves memory, not time. */
  readonly bfloat16: boolean;
}

export interface NativeMemory {
  /** Mapped from the system. */
  readonly reservedBytes: number;
  /** In tensors and scratch, rounded up to size classes. */
  readonly usedBytes: number;
  readonly peakBytes: number;
  /** Live tensor storages of all backends in this process. */
  readonly buffers: number;
  /** Cached oneDNN operations. */
  readonly primitives: number;
}

/** The addon: storage, settings, and its kernels by name. */
export interface Binding {
  /** The state of the sources it was compiled from; older ones do not say it. */
  readonly sources?: string;
  write(values: HostArray): Handle;
  read(handle: Handle): HostArray;
  /** What the values take: two bytes each where a float32 tensor is held as bfloat16. */
  sizeInBytes(handle: Handle): number;
  free(handle: Handle): void;
  trim(): void;
  memoryStats(): NativeMemory;
  /** Of `reservedBytes`; 0 for none. */
  setMemoryLimit(bytes: number): void;
  setThreads(count: number): void;
  /** `threads` is 0 until they are set. */
  info(): Omit<NativeInfo, "file">;
  readonly kernels: Readonly<Record<string, NativeFunction>>;
}
