import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";

/** Kernels of this package live under the name that tfjs-core knows the backend by. */
export const BACKEND_NAME = "webgpu";

/** A value for a program's uniforms. */
export interface Uniform {
  readonly type: string;
  readonly data: number[];
}

export const int32 = (...data: number[]): Uniform => ({ type: "int32", data });
export const float32 = (...data: number[]): Uniform => ({ type: "float32", data });

/** The same data under another shape; a reference of its own, which the caller gives away or frees. */
export function reshaped(backend: WebGPUBackend, tensor: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  backend.incRef(tensor.dataId);
  return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
}

/** Runs another kernel of the backend, past the engine: nothing is put on the tape. */
export function runKernel(
  name: string,
  backend: WebGPUBackend,
  inputs: tf.NamedTensorInfoMap,
  attrs: tf.NamedAttrMap = {},
): tf.TensorInfo {
  const kernel = tf.getKernel(name, BACKEND_NAME);
  return kernel.kernelFunc({ inputs, backend, attrs }) as tf.TensorInfo;
}

/** A grid in one dimension over `size` items; the code sees its index as `index` and need not check the bound. */
export class FlatProgram implements WebGPUProgram {
  readonly variableNames: string[];
  readonly variableComponents: number[];
  readonly workgroupSize: [number, number, number] = [256, 1, 1];
  readonly dispatchLayout = { x: [0] };
  readonly uniforms: string;
  readonly shaderKey: string;
  dispatch: [number, number, number];

  /**
   * @param code - WGSL statements that assign `value`, a `vec4<f32>` or an `f32` as `outputComponent` says, from `index`
   */
  constructor(
    readonly name: string,
    readonly outputShape: number[],
    readonly outputComponent: 1 | 4,
    inputs: Readonly<Record<string, 1 | 4>>,
    uniforms: string,
    private readonly code: string,
  ) {
    this.variableNames = Object.keys(inputs);
    this.variableComponents = Object.values(inputs);
    this.uniforms = `items : i32, ${uniforms}`;
    this.shaderKey = `simclr-${name}-${outputComponent}-${this.variableComponents.join("")}`;
    const groups = Math.ceil(tf.util.sizeFromShape(outputShape) / outputComponent / 256);
    const x = Math.min(groups, 32768);
    this.dispatch = [x, Math.ceil(groups / x), 1];
  }

  get items(): number {
    return tf.util.sizeFromShape(this.outputShape) / this.outputComponent;
  }

  getUserCode(): string {
    const type = this.outputComponent === 4 ? "vec4<f32>" : "f32";
    return `
    fn main(index : i32) {
      if (index < uniforms.items) {
        var value = ${type}();
        ${this.code}
        result[index] = value;
      }
    }`;
  }
}
