import * as tf from "@tensorflow/tfjs-core";

/**
 * What a program asked of a backend, the first time that it did so with these shapes and attributes.
 * @typedef {object} Call
 * @property {"kernel" | "gradient"} kind
 * @property {string} name
 * @property {Input[]} inputs - Of a gradient: what arrived for each output, then what the forward pass saved.
 * @property {boolean} isList - Whether the kernel takes its inputs as a list.
 * @property {number} arriving - Of a gradient: how many of its inputs arrived, -1 for one that is no list.
 * @property {Record<string, unknown>} attrs
 * @property {Set<string>} wanted - Of a gradient: the inputs whose gradient was taken.
 * @property {Set<string>} stages
 * @property {number} count
 */
/** @typedef {{ name: string, shape: number[], dtype: string, values: Float32Array | Int32Array | Uint8Array }} Input */

/**
 * Records every kernel that the engine runs on a backend, with its inputs, and every registered gradient. What a kernel runs
 * itself belongs to it and is not recorded.
 */
export class Recorder {
  /** What the program is doing now. */
  stage = "";
  #calls = new Map();
  #depth = 0;
  #restore = [];

  /** @param backendName - A backend whose kernels are registered. */
  constructor(backendName) {
    for (const config of tf.getKernelsForBackend(backendName)) {
      const { kernelName, kernelFunc } = config;
      tf.unregisterKernel(kernelName, backendName);
      tf.registerKernel({ ...config, kernelFunc: (call) => this.#kernel(kernelName, kernelFunc, call) });
      this.#restore.push(() => {
        tf.unregisterKernel(kernelName, backendName);
        tf.registerKernel(config);
      });
      const gradient = tf.getGradient(kernelName);
      if (gradient === undefined) continue;
      tf.unregisterGradient(kernelName);
      tf.registerGradient({ ...gradient, gradFunc: (...args) => this.#gradient(gradient, args) });
      this.#restore.push(() => {
        tf.unregisterGradient(kernelName);
        tf.registerGradient(gradient);
      });
    }
  }

  /** Ends the recording, and reads the inputs. @returns {Promise<Call[]>} */
  async finish() {
    for (const restore of this.#restore.splice(0)) restore();
    const calls = [...this.#calls.values()];
    for (const call of calls)
      for (const input of call.inputs) {
        const { backend, dataId } = input;
        input.values = (await backend.read(dataId)).slice();
        backend.disposeData(dataId);
        delete input.backend;
        delete input.dataId;
      }
    return calls;
  }

  #kernel(name, kernelFunc, call) {
    if (this.#depth === 0) {
      const inputs = Object.entries(call.inputs).filter(([, tensor]) => tensor !== undefined && tensor !== null);
      this.#add({ kind: "kernel", name, isList: Array.isArray(call.inputs) }, inputs, call.attrs, call.backend);
    }
    this.#depth++;
    try {
      return kernelFunc(call);
    } finally {
      this.#depth--;
    }
  }

  #gradient({ kernelName, gradFunc }, [dy, saved, attrs]) {
    const arrived = Array.isArray(dy) ? dy : [dy];
    const inputs = [
      ...arrived.map((tensor, i) => [`dy${i}`, tensor]),
      ...saved.map((tensor, i) => [`saved${i}`, tensor]),
    ];
    const arriving = Array.isArray(dy) ? dy.length : -1;
    const { wanted } = this.#add({ kind: "gradient", name: kernelName, arriving }, inputs, attrs, tf.backend());
    const take = ([name, compute]) => [
      name,
      () => {
        wanted.add(name);
        return compute();
      },
    ];
    return Object.fromEntries(Object.entries(gradFunc(dy, saved, attrs)).map(take));
  }

  #add(what, inputs, attrs, backend) {
    const shapes = inputs.map(([name, { dtype, shape }]) => `${name}: ${dtype} [${shape}]`).join(", ");
    // A learning rate makes no other kernel of it.
    const attributes = JSON.stringify(attrs ?? {}, (_, value) => (isFraction(value) ? "fraction" : value));
    const key = `${what.kind} ${what.name} ${shapes} ${attributes}`;
    let call = this.#calls.get(key);
    if (call === undefined) {
      for (const [, { dataId }] of inputs) backend.incRef(dataId);
      const kept = inputs.map(([name, { dataId, shape, dtype }]) => ({
        name,
        dataId,
        backend,
        shape: [...shape],
        dtype,
      }));
      call = { ...what, inputs: kept, attrs: { ...attrs }, wanted: new Set(), stages: new Set(), count: 0 };
      this.#calls.set(key, call);
    }
    call.count++;
    call.stages.add(this.stage);
    return call;
  }
}

const isFraction = (value) => typeof value === "number" && !Number.isInteger(value);
