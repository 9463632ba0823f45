import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { runKernel } from "../kernels/launch.js";
import { type KernelCall, replaceKernel } from "../kernels/replace-kernel.js";

/** Inner size from which tfjs takes its split-K program. */
const SPLIT_K_FROM = 2000;
/** Value of `WEBGPU_MATMUL_PROGRAM_TYPE`: the program for small outputs. */
const SMALL_OUTPUT_PROGRAM = 2;
/** Rows from which the stock softmax launches surplus workgroups that write past their rows. */
const SOFTMAX_ROWS = 65535;

const PROGRAM_TYPE = "WEBGPU_MATMUL_PROGRAM_TYPE";

/**
 * Works around kernels of tfjs-backend-webgpu 4.22.0 that return wrong numbers without a word.
 *
 * - `BatchMatMul`, `_FusedMatMul` with `transposeB`, a long inner axis and a small result: the split-K program reads b as
 *   if it were not transposed. Another program is chosen.
 * - `AddN` of more tensors than the device binds at once: added in parts.
 * - `CropAndResize` with fewer boxes than images: compares an image's index with the number of boxes. The boxes are padded.
 * - `Softmax` of more than 65,535 rows: surplus workgroups overwrite the last value. Done in parts.
 * - `Cumsum`, `Cumprod` from the end: the length of the axis is written into the shader but is no part of its key, so that all
 *   but the first length come out wrong, and with them the gradients of `cumsum` and `prod`. Done from the start, reversed.
 */
export function replaceWrongKernels(): void {
  replaceKernel("BatchMatMul", guardSplitK);
  replaceKernel("_FusedMatMul", guardSplitK);
  replaceKernel("AddN", addInParts);
  replaceKernel("CropAndResize", padBoxes);
  replaceKernel("Softmax", softmaxInParts);
  replaceKernel("Cumsum", cumulateFromStart);
  replaceKernel("Cumprod", cumulateFromStart);
}

function guardSplitK(stock: tf.KernelFunc): tf.KernelFunc {
  return (call) => {
    const { transposeA, transposeB } = call.attrs as unknown as { transposeA: boolean; transposeB: boolean };
    const inner = (call.inputs.a as tf.TensorInfo).shape.at(transposeA ? -2 : -1)!;
    if (!transposeB || inner < SPLIT_K_FROM || tf.env().getNumber(PROGRAM_TYPE) >= 0) return stock(call);
    tf.env().set(PROGRAM_TYPE, SMALL_OUTPUT_PROGRAM);
    try {
      return stock(call);
    } finally {
      tf.env().set(PROGRAM_TYPE, -1);
    }
  };
}

/** Kernels of many inputs get an array, whatever the type says. */
const listed = (tensors: tf.TensorInfo[]) => tensors as unknown as tf.NamedTensorInfoMap;

function addInParts(stock: tf.KernelFunc): tf.KernelFunc {
  return (call) => {
    const webgpu = call.backend as WebGPUBackend;
    const bound = webgpu.device.limits.maxStorageBuffersPerShaderStage - 1; // one is the result
    const add = (terms: tf.TensorInfo[]) => stock({ ...call, inputs: listed(terms) }) as tf.TensorInfo;
    let rest = Object.values(call.inputs) as tf.TensorInfo[];
    let partial: tf.TensorInfo | undefined;
    while (rest.length > bound) {
      const sum = add(rest.slice(0, bound));
      if (partial) webgpu.disposeData(partial.dataId);
      partial = sum;
      rest = [sum, ...rest.slice(bound)];
    }
    const result = add(rest);
    if (partial) webgpu.disposeData(partial.dataId);
    return result;
  };
}

function padBoxes(stock: tf.KernelFunc): tf.KernelFunc {
  return (call: KernelCall) => {
    const { image, boxes, boxInd } = call.inputs as Record<"image" | "boxes" | "boxInd", tf.TensorInfo>;
    const backend = call.backend as WebGPUBackend;
    const missing = image.shape[0]! - boxes.shape[0]!;
    if (missing <= 0) return stock(call);
    const pad = (x: tf.TensorInfo, paddings: number[][]) =>
      runKernel("PadV2", backend, { x }, { paddings, constantValue: 0 });
    const padded = {
      image,
      boxes: pad(boxes, [
        [0, missing],
        [0, 0],
      ]),
      boxInd: pad(boxInd, [[0, missing]]),
    };
    const all = stock({ ...call, inputs: padded }) as tf.TensorInfo;
    const size = [boxes.shape[0]!, ...all.shape.slice(1)];
    const result = runKernel("Slice", backend, { x: all }, { begin: [0, 0, 0, 0], size });
    for (const { dataId } of [padded.boxes, padded.boxInd, all]) backend.disposeData(dataId);
    return result;
  };
}

function softmaxInParts(stock: tf.KernelFunc): tf.KernelFunc {
  return (call) => {
    const { logits } = call.inputs as { logits: tf.TensorInfo };
    const backend = call.backend as WebGPUBackend;
    const columns = logits.shape.at(-1)!;
    const rows = tf.util.sizeFromShape(logits.shape) / columns;
    if (rows <= SOFTMAX_ROWS) return stock(call);
    const flat = runKernel("Reshape", backend, { x: logits }, { shape: [rows, columns] });
    const owned = [flat];
    const parts: tf.TensorInfo[] = [];
    for (let begin = 0; begin < rows; begin += SOFTMAX_ROWS) {
      const size = [Math.min(SOFTMAX_ROWS, rows - begin), columns];
      const slice = runKernel("Slice", backend, { x: flat }, { begin: [begin, 0], size });
      parts.push(stock({ ...call, inputs: { logits: slice }, attrs: { dim: 1 } }) as tf.TensorInfo);
      owned.push(slice);
    }
    const joined = runKernel("Concat", backend, listed(parts), { axis: 0 });
    const result = runKernel("Reshape", backend, { x: joined }, { shape: logits.shape });
    for (const { dataId } of [...owned, ...parts, joined]) backend.disposeData(dataId);
    return result;
  };
}

function cumulateFromStart(stock: tf.KernelFunc): tf.KernelFunc {
  return (call) => {
    const { axis, exclusive, reverse } = call.attrs as unknown as Record<"exclusive" | "reverse", boolean> & {
      axis: number;
    };
    if (!reverse) return stock(call);
    const backend = call.backend as WebGPUBackend;
    const { x } = call.inputs as { x: tf.TensorInfo };
    const reversed = runKernel("Reverse", backend, { x }, { dims: [axis] });
    const attrs = { axis, exclusive, reverse: false };
    const sums = stock({ ...call, inputs: { x: reversed }, attrs }) as tf.TensorInfo;
    const result = runKernel("Reverse", backend, { x: sums }, { dims: [axis] });
    for (const { dataId } of [reversed, sums]) backend.disposeData(dataId);
    return result;
  };
}
