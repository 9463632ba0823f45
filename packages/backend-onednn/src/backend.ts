import * as tf from "@tensorflow/tfjs-core";
import type { Binding, Handle, HostArray, NativeArgument, NativeMemory } from "./native.js";

/**
 * Storage of one data id: in the addon, or on the host for strings and the two parts of a complex tensor. What this
 * backend makes is its own data id, so that a call looks nothing up; ids of other backends are kept in a table.
 */
class Entry {
  /** The backend that holds the data; undefined once it is gone, or moved away. */
  owner: OnednnBackend | undefined;
  readonly dtype: tf.DataType;
  readonly handle: Handle | undefined;
  readonly strings: Uint8Array[] | undefined;
  readonly parts: { readonly real: tf.TensorInfo; readonly imag: tf.TensorInfo } | undefined;
  refCount: number;

  constructor(
    owner: OnednnBackend,
    dtype: tf.DataType,
    { handle, strings, parts }: Pick<Partial<Entry>, "handle" | "strings" | "parts">,
    refCount = 1,
  ) {
    this.owner = owner;
    this.dtype = dtype;
    this.handle = handle;
    this.strings = strings;
    this.parts = parts;
    this.refCount = refCount;
  }
}

/** Shape and dtype of a kernel's output. */
export interface OutputSpec {
  readonly shape: number[];
  readonly dtype?: tf.DataType;
}

/**
 * A tfjs-core backend whose tensors live in the addon's memory pool. Kernels hand integer handles to the addon;
 * values cross to JavaScript only in `write` and `read`.
 */
export class OnednnBackend extends tf.KernelBackend {
  readonly #binding: Binding;
  /** Entries that are their own data ids. */
  readonly #own = new Set<Entry>();
  /** Entries of data ids that came from other backends. */
  #foreign: tf.DataStorage<Entry>;
  readonly #moved = new Set<Entry>();

  constructor(binding: Binding) {
    super();
    this.#binding = binding;
    this.#foreign = new tf.DataStorage<Entry>(this, tf.engine());
  }

  // ---- what kernels use

  /** The addon's handle of a tensor; moves the tensor here if another backend holds it. */
  handle(info: tf.TensorInfo): Handle {
    const { handle } = this.#entry(info.dataId);
    if (handle === undefined) throw new Error(`oneDNN backend: a ${info.dtype} tensor has no numeric storage`);
    return handle;
  }

  /** Bytes that a numeric tensor's values take here; 0 for others. */
  sizeInBytes(info: tf.TensorInfo): number {
    const { handle } = this.#entry(info.dataId);
    return handle === undefined ? 0 : this.#binding.sizeInBytes(handle);
  }

  /** Runs a kernel of the addon that has one output. */
  compute(
    kernel: string,
    args: readonly NativeArgument[],
    shape: number[],
    dtype: tf.DataType = "float32",
  ): tf.TensorInfo {
    return this.#wrap(this.#function(kernel)(...args) as Handle, shape, dtype);
  }

  /** Runs a kernel of the addon that has several outputs. */
  computeAll(kernel: string, args: readonly NativeArgument[], outputs: readonly OutputSpec[]): tf.TensorInfo[] {
    const handles = this.#function(kernel)(...args) as readonly Handle[];
    return outputs.map(({ shape, dtype = "float32" }, i) => this.#wrap(handles[i]!, shape, dtype));
  }

  /** The same data under another shape: no copy, one more reference. */
  alias(info: tf.TensorInfo, shape: number[] = info.shape, dtype: tf.DataType = info.dtype): tf.TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape, dtype };
  }

  /** A new tensor with these values. */
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.BackendValues | null = null): tf.TensorInfo {
    return { dataId: this.write(values, shape, dtype), shape, dtype };
  }

  /** A complex tensor that owns copies of its parts: three data ids, as the engine's leak check expects. */
  makeComplex(real: tf.BackendValues, imag: tf.BackendValues, shape: number[]): tf.TensorInfo {
    const parts = {
      real: this.makeTensorInfo(shape, "float32", real),
      imag: this.makeTensorInfo(shape, "float32", imag),
    };
    return { dataId: this.#keep(new Entry(this, "complex64", { parts })), shape, dtype: "complex64" };
  }

  /** The parts of a complex tensor; they belong to it. */
  complexParts(info: tf.TensorInfo): { real: tf.TensorInfo; imag: tf.TensorInfo } | undefined {
    return this.#entry(info.dataId).parts;
  }

  /** Drops a tensor that a kernel made for itself. */
  disposeIntermediateTensorInfo(info: tf.TensorInfo): void {
    this.disposeData(info.dataId);
  }

  // ---- the contract of KernelBackend

  override write(values: tf.BackendValues | null, shape: number[], dtype: tf.DataType): tf.DataId {
    return this.#keep(this.#stored(values, shape, dtype));
  }

  override move(id: tf.DataId, values: tf.BackendValues, shape: number[], dtype: tf.DataType, refCount: number): void {
    if (dtype === "complex64") {
      const { real, imag } = tf.backend_util.splitRealAndImagArrays(values as Float32Array);
      const parts = {
        real: this.makeTensorInfo(shape, "float32", real),
        imag: this.makeTensorInfo(shape, "float32", imag),
      };
      this.#takeOver(id, new Entry(this, dtype, { parts }, refCount));
    } else {
      this.#takeOver(id, this.#stored(values, shape, dtype, refCount));
    }
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    const { handle, strings, parts } = this.#entry(dataId);
    if (parts) {
      return tf.backend_util.mergeRealAndImagArrays(
        this.readSync(parts.real.dataId) as Float32Array,
        this.readSync(parts.imag.dataId) as Float32Array,
      );
    }
    return strings ?? (this.#binding.read(handle!) as tf.BackendValues);
  }

  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.#holds(dataId)) return true;
    const entry = this.#entry(dataId);
    entry.refCount--;
    if (!force && entry.refCount > 0) return false;
    if (entry.parts) {
      this.disposeData(entry.parts.real.dataId, true);
      this.disposeData(entry.parts.imag.dataId, true);
    }
    if (!this.#own.delete(entry)) {
      this.#moved.delete(entry);
      this.#foreign.delete(dataId);
    }
    this.#free(entry);
    return true;
  }

  override refCount(dataId: tf.DataId): number {
    return this.#holds(dataId) ? this.#entry(dataId).refCount : 0;
  }

  override incRef(dataId: tf.DataId): void {
    this.#entry(dataId).refCount++;
  }

  override numDataIds(): number {
    return this.#own.size + this.#foreign.numDataIds();
  }

  /** Part of what `tf.memory()` gives: the pool's true figures beside the engine's count of values. */
  override memory(): { unreliable: boolean } & NativeMemory {
    return { unreliable: false, ...this.#binding.memoryStats() };
  }

  override async time(f: () => void): Promise<tf.BackendTimingInfo> {
    const start = performance.now();
    f();
    return { kernelMs: Math.max(performance.now() - start, 1e-6) };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override dispose(): void {
    for (const entry of this.#own) this.#free(entry);
    for (const entry of this.#moved) this.#free(entry);
    this.#own.clear();
    this.#moved.clear();
    this.#foreign = new tf.DataStorage<Entry>(this, tf.engine());
  }

  // ---- private

  #function(kernel: string) {
    const found = this.#binding.kernels[kernel];
    if (!found) throw new Error(`oneDNN backend: the addon has no kernel ${kernel}. Build it anew (build:native).`);
    return found;
  }

  #wrap(handle: Handle, shape: number[], dtype: tf.DataType): tf.TensorInfo {
    return { dataId: this.#keep(new Entry(this, dtype, { handle })), shape, dtype };
  }

  #keep(entry: Entry): Entry {
    this.#own.add(entry);
    return entry;
  }

  #takeOver(id: tf.DataId, entry: Entry): void {
    this.#moved.add(entry);
    this.#foreign.set(id, entry);
  }

  #holds(id: tf.DataId): boolean {
    return (id instanceof Entry && id.owner === this) || this.#foreign.has(id);
  }

  /** Moves the data here if another backend holds it. */
  #entry(id: tf.DataId): Entry {
    return id instanceof Entry && id.owner === this ? id : this.#foreign.get(id);
  }

  #stored(values: tf.BackendValues | null, shape: number[], dtype: tf.DataType, refCount = 1): Entry {
    if (dtype === "string") return new Entry(this, dtype, { strings: (values ?? []) as Uint8Array[] }, refCount);
    return new Entry(this, dtype, { handle: this.#binding.write(toHostArray(values, shape, dtype)) }, refCount);
  }

  #free(entry: Entry): void {
    entry.owner = undefined;
    if (entry.handle !== undefined) this.#binding.free(entry.handle);
  }
}

/** The array class that the dtype calls for; some cpu kernels and model loaders hand over others. */
function toHostArray(values: tf.BackendValues | null, shape: number[], dtype: tf.DataType): HostArray {
  if (values === null) {
    return tf.util.getTypedArrayFromDType(dtype as "float32", tf.util.sizeFromShape(shape)) as HostArray;
  }
  const converted = tf.util.convertBackendValuesAndArrayBuffer(values, dtype) as unknown as HostArray;
  // Node-API refuses shared memory; a slice of it is not shared.
  const array = converted.buffer instanceof SharedArrayBuffer ? (converted.slice() as HostArray) : converted;
  if (dtype === "float32") return array instanceof Float32Array ? array : Float32Array.from(array);
  if (dtype === "int32") return array instanceof Int32Array ? array : Int32Array.from(array);
  return array instanceof Uint8Array ? array : Uint8Array.from(array as ArrayLike<number>, (v) => (v ? 1 : 0));
}
