import * as tf from "@tensorflow/tfjs-core";
import type { TracedNode, TracedValue } from "./graph.js";
import { KERNEL_SHAPES } from "./kernel-shapes.js";

const NAME = "simclr-trace";

/** A tensor that no traced kernel made: a weight, or a number of the program. */
interface Outside {
  readonly id: number;
  readonly tensor: tf.TensorInfo;
  /** Present if it was made while tracing; else its own backend has the values. */
  readonly values: Float32Array | undefined;
}

/** A backend without arithmetic: it notes which kernels would run. */
class TracingBackend extends tf.KernelBackend {
  nodes: TracedNode[] = [];
  outside: Outside[] = [];
  #values = new Map<tf.DataId, TracedValue>();
  #written = new Map<tf.DataId, Float32Array>();

  reset(): void {
    this.nodes = [];
    this.outside = [];
    this.#values.clear();
    this.#written.clear();
  }

  /** A new tensor that stands for the images, or for what a kernel makes. */
  makeValue(shape: number[]): { info: tf.TensorInfo; value: TracedValue } {
    const dataId = {};
    const value = { id: this.#values.size, shape };
    this.#values.set(dataId, value);
    return { info: { dataId, shape, dtype: "float32" }, value };
  }

  tracedValue(tensor: tf.TensorInfo): TracedValue {
    const known = this.#values.get(tensor.dataId);
    if (known !== undefined) return known;
    const value = { id: this.#values.size, shape: tensor.shape };
    this.#values.set(tensor.dataId, value);
    this.outside.push({ id: value.id, tensor, values: this.#written.get(tensor.dataId) });
    return value;
  }

  note(kernel: string, inputs: Readonly<Record<string, tf.TensorInfo>>, attributes: Record<string, unknown>) {
    const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
    const ids = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, this.tracedValue(tensor).id]));
    const made = KERNEL_SHAPES[kernel]!(shapes, attributes).map((shape) => this.makeValue(shape));
    this.nodes.push({ kernel, inputs: ids, attributes, outputs: made.map(({ value }) => value) });
    return made.map(({ info }) => info);
  }

  override write(values: tf.BackendValues, shape: number[]): tf.DataId {
    const dataId = {};
    // Numbers that ops make without values, such as zeros, come as undefined or as plain arrays.
    this.#written.set(
      dataId,
      Float32Array.from((values as Float32Array | null) ?? new Float32Array(tf.util.sizeFromShape(shape))),
    );
    return dataId;
  }

  override disposeData(): boolean {
    return true;
  }

  override refCount(): number {
    return 1;
  }

  override incRef(): void {}

  override numDataIds(): number {
    return this.#values.size;
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override dispose(): void {}
}

let backend: TracingBackend | undefined;

/** Makes the tracing backend known to tfjs, the first time, and forgets what it noted. */
export function tracingBackend(): { name: string; backend: TracingBackend } {
  if (backend === undefined) {
    const made = new TracingBackend();
    tf.registerBackend(NAME, () => made, 0);
    for (const kernelName of Object.keys(KERNEL_SHAPES)) {
      const kernelFunc: tf.KernelFunc = ({ inputs, attrs }) => {
        const named = Object.fromEntries(Object.entries(inputs).filter(([, tensor]) => tensor !== undefined));
        const outputs = made.note(kernelName, named as Record<string, tf.TensorInfo>, { ...attrs });
        return outputs.length === 1 ? outputs[0]! : outputs;
      };
      tf.registerKernel({ kernelName, backendName: NAME, kernelFunc });
    }
    const zeros: tf.KernelFunc = ({ inputs }) => {
      const { shape } = inputs.x!;
      return { dataId: made.write(new Float32Array(tf.util.sizeFromShape(shape)), shape), shape, dtype: "float32" };
    };
    tf.registerKernel({ kernelName: "ZerosLike", backendName: NAME, kernelFunc: zeros });
    backend = made;
  }
  backend.reset();
  return { name: NAME, backend };
}
