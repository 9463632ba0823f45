import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { BACKEND_NAME, int32, runKernel } from "./launch.js";
import { max, RowProgram, type RowReduction, sum } from "./row-program.js";

type Inputs = Readonly<Record<string, tf.TensorInfo>>;
type Result = ConstructorParameters<typeof RowProgram>[5];

/** Divided by at least 1e-6, as in the composition. */
const INVERSE_NORM = "inverseSqrt(max(squares, 1e-12))";

const squares: RowReduction = { name: "squares", type: "f32", start: "0.0", term: "x[at] * x[at]", join: sum };
const along: RowReduction = { name: "along", type: "f32", start: "0.0", term: "x[at] * dy[at]", join: sum };
const largest: RowReduction = { name: "largest", type: "f32", start: "-3.4028234e38", term: "logits[at]", join: max };
// tfjs casts int32 to float32 by name only: one-hot targets, and weights, may still be i32 in their buffers.

/** Of the softmax the denominator; of the targets their sum, and the sum of target · (logit - largest). */
const sums: RowReduction = {
  name: "sums",
  type: "vec3<f32>",
  start: "vec3<f32>()",
  term: "vec3<f32>(exp(logits[at] - largest), f32(targets[at]), f32(targets[at]) * (logits[at] - largest))",
  join: sum,
};

function runRows(
  backend: WebGPUBackend,
  name: string,
  inputs: Inputs,
  matrix: tf.TensorInfo,
  reductions: readonly RowReduction[],
  result: Result,
): tf.TensorInfo {
  const [rows, columns] = matrix.shape as [number, number];
  const shape = result.per === "row" ? [rows] : [rows, columns];
  const program = new RowProgram(name, shape, [rows, columns], Object.keys(inputs), reductions, result);
  return backend.runWebGPUProgram(program, Object.values(inputs), "float32", [int32(rows), int32(columns)]);
}

function l2Normalize(backend: WebGPUBackend, { x }: Inputs): tf.TensorInfo {
  const value = `x[at] * ${INVERSE_NORM}`;
  return runRows(backend, "l2Normalize", { x: x! }, x!, [squares], { per: "element", value });
}

/** A row at the floor was divided by a constant, so nothing is projected out of its gradient. */
function l2NormalizeGrad(backend: WebGPUBackend, { x, dy }: Inputs): tf.TensorInfo {
  const projection = `select(x[at] * along / squares, 0.0, squares <= 1e-12)`;
  const value = `${INVERSE_NORM} * (dy[at] - ${projection})`;
  return runRows(backend, "l2NormalizeGrad", { x: x!, dy: dy! }, x!, [squares, along], { per: "element", value });
}

/** One value a row in the first pass, their sum in the second. */
function crossEntropy(backend: WebGPUBackend, { logits, targets, weights }: Inputs): tf.TensorInfo {
  const value = "f32(weights[row]) * (sums.y * log(sums.x) - sums.z)";
  const inputs = { logits: logits!, targets: targets!, weights: weights! };
  const rows = runRows(backend, "crossEntropy", inputs, logits!, [largest, sums], { per: "row", value });
  const total = runKernel("Sum", backend, { x: rows }, { axis: [0], keepDims: false });
  backend.disposeData(rows.dataId);
  return total;
}

function crossEntropyGrad(backend: WebGPUBackend, { dy, logits, targets, weights }: Inputs): tf.TensorInfo {
  const value = "dy[0] * f32(weights[row]) * (exp(logits[at] - largest) / sums.x * sums.y - f32(targets[at]))";
  const inputs = { logits: logits!, targets: targets!, weights: weights!, dy: dy! };
  return runRows(backend, "crossEntropyGrad", inputs, logits!, [largest, sums], { per: "element", value });
}

/** Registers the named kernels that `l2Normalize` and `weightedCrossEntropy` of `@simclr/ops` look for. */
export function registerLosses(): void {
  for (const [kernelName, run] of [
    ["SimclrL2Normalize", l2Normalize],
    ["SimclrL2NormalizeGrad", l2NormalizeGrad],
    ["SimclrSoftmaxCrossEntropy", crossEntropy],
    ["SimclrSoftmaxCrossEntropyGrad", crossEntropyGrad],
  ] as const)
    tf.registerKernel({
      kernelName,
      backendName: BACKEND_NAME,
      kernelFunc: ({ inputs, backend }) => run(backend as WebGPUBackend, inputs as unknown as Inputs),
    });
}
