import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { BACKEND_NAME, FlatProgram, float32, int32 } from "./launch.js";

/** Channels and rows that a workgroup of `ColumnSumsProgram` walks side by side. */
const COLUMNS = 32;
const LANES = 8;
/** Workgroups that keep a large GPU busy. */
const WANTED_WORKGROUPS = 1024;
/** Fewer rows for one thread are not worth a partial sum of their own. */
const MIN_ROWS = 16;

interface Attributes {
  readonly epsilon: number;
  readonly activation: "none" | "relu";
  readonly residual: boolean;
}

/**
 * Two sums over rows for each column, in parts: `[parts, 2, C]` from matrices `[rows, C]`. `terms` is WGSL that adds to
 * `first` and `second` for the element at `at`, in column `column`.
 */
class ColumnSumsProgram implements WebGPUProgram {
  readonly outputShape: number[];
  readonly variableNames: string[];
  readonly uniforms = "rows : i32, columns : i32, part : i32,";
  readonly workgroupSize: [number, number, number] = [COLUMNS, LANES, 1];
  readonly dispatchLayout = { x: [2], y: [0] };
  readonly shaderKey: string;
  dispatch: [number, number, number];

  constructor(
    name: string,
    variableNames: readonly string[],
    readonly terms: string,
    parts: number,
    columns: number,
  ) {
    this.variableNames = [...variableNames];
    this.outputShape = [parts, 2, columns];
    this.dispatch = [Math.ceil(columns / COLUMNS), parts, 1];
    this.shaderKey = `simclr-${name}`;
  }

  getUserCode(): string {
    return `
    var<workgroup> sums : array<vec2<f32>, ${COLUMNS * LANES}>;
    fn main() {
      let thread = i32(localIndex); let lane = thread / ${COLUMNS};
      let column = i32(workgroupId.x) * ${COLUMNS} + thread % ${COLUMNS};
      let part = i32(workgroupId.y);
      let end = min((part + 1) * uniforms.part, uniforms.rows);
      var first = 0.0; var second = 0.0;
      if (column < uniforms.columns) {
        for (var row = part * uniforms.part + lane; row < end; row += ${LANES}) {
          let at = row * uniforms.columns + column;
          ${this.terms}
        }
      }
      sums[thread] = vec2<f32>(first, second);
      workgroupBarrier();
      if (lane == 0 && column < uniforms.columns) {
        var total = sums[thread];
        for (var i = 1; i < ${LANES}; i++) { total += sums[thread + i * ${COLUMNS}]; }
        result[(part * 2) * uniforms.columns + column] = total.x;
        result[(part * 2 + 1) * uniforms.columns + column] = total.y;
      }
    }`;
  }
}

function columnSums(
  backend: WebGPUBackend,
  name: string,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  terms: string,
  rows: number,
  columns: number,
): tf.TensorInfo {
  const most = Math.min(WANTED_WORKGROUPS / Math.ceil(columns / COLUMNS), rows / (LANES * MIN_ROWS));
  const part = Math.ceil(rows / Math.max(1, Math.floor(most)));
  const program = new ColumnSumsProgram(name, Object.keys(inputs), terms, Math.ceil(rows / part), columns);
  return backend.runWebGPUProgram(program, Object.values(inputs), "float32", [
    int32(rows),
    int32(columns),
    int32(part),
  ]);
}

/** Adds the parts up and makes one number a channel of the totals: `code` assigns `value` from `first` and `second`. */
function fromSums(
  backend: WebGPUBackend,
  name: string,
  sums: tf.TensorInfo,
  others: Readonly<Record<string, tf.TensorInfo>>,
  code: string,
  rows: number,
  epsilon: number,
): tf.TensorInfo {
  const [parts, , columns] = sums.shape as [number, number, number];
  const inputs = Object.fromEntries(["sums", ...Object.keys(others)].map((input) => [input, 1 as const]));
  const program = new FlatProgram(
    name,
    [columns],
    1,
    inputs,
    "parts : i32, rows : f32, epsilon : f32,",
    `var first = 0.0; var second = 0.0;
     for (var p = 0; p < uniforms.parts; p++) {
       first += sums[(p * 2) * uniforms.items + index]; second += sums[(p * 2 + 1) * uniforms.items + index];
     }
     ${code}`,
  );
  const uniforms = [int32(program.items), int32(parts), float32(rows), float32(epsilon)];
  return backend.runWebGPUProgram(program, [sums, ...Object.values(others)], "float32", uniforms);
}

/** One value an element of `[..., C]`; `c` is the channel's index, in fours where C allows. */
function perElement(
  backend: WebGPUBackend,
  name: string,
  shape: number[],
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  code: string,
  rows: number,
  epsilon: number,
): tf.TensorInfo {
  const columns = shape.at(-1)!;
  const width = columns % 4 === 0 ? 4 : 1;
  const type = width === 4 ? "vec4<f32>" : "f32";
  const program = new FlatProgram(
    name,
    shape,
    width,
    Object.fromEntries(Object.keys(inputs).map((input) => [input, width])),
    "columns : i32, rows : f32, epsilon : f32,",
    `let c = index % uniforms.columns; let zero = ${type}();\n${code}`,
  );
  const uniforms = [int32(program.items), int32(columns / width), float32(rows), float32(epsilon)];
  return backend.runWebGPUProgram(program, Object.values(inputs), "float32", uniforms);
}

/** Training batch norm: `y`, the batch's mean and its biased variance. */
function batchNormForward(
  backend: WebGPUBackend,
  inputs: Readonly<Record<"x" | "gamma" | "beta", tf.TensorInfo>> & { readonly residual?: tf.TensorInfo },
  { epsilon, activation }: Attributes,
): tf.TensorInfo[] {
  const { x, gamma, beta, residual } = inputs;
  const columns = gamma.shape[0]!;
  const rows = tf.util.sizeFromShape(x.shape) / columns;
  // About the first row, so that a mean far from 0 costs no digits.
  const terms = "let d = x[at] - x[column]; first += d; second += d * d;";
  const sums = columnSums(backend, "batchNormSums", { x }, terms, rows, columns);
  const meanCode = "value = x[index] + first / uniforms.rows;";
  const mean = fromSums(backend, "batchNormMean", sums, { x }, meanCode, rows, epsilon);
  const varianceCode = "let m = first / uniforms.rows; value = max(second / uniforms.rows - m * m, 0.0);";
  const variance = fromSums(backend, "batchNormVariance", sums, {}, varianceCode, rows, epsilon);
  backend.disposeData(sums.dataId);
  const code = `
    let scale = gamma[c] * inverseSqrt(variance[c] + uniforms.epsilon);
    value = (x[index] - mean[c]) * scale + beta[c];
    ${residual ? "value += residual[index];" : ""}
    ${activation === "relu" ? "value = max(value, zero);" : ""}`;
  const name = `batchNorm-${activation}${residual ? "-residual" : ""}`;
  const operands = { x, gamma, beta, mean, variance, ...(residual && { residual }) };
  return [perElement(backend, name, x.shape, operands, code, rows, epsilon), mean, variance];
}

/** Gradients of the training batch norm: of x, gamma, beta, and of the residual if there was one. */
function batchNormBackward(
  backend: WebGPUBackend,
  inputs: Readonly<Record<"dy" | "x" | "y" | "gamma" | "mean" | "variance", tf.TensorInfo>>,
  { epsilon, activation, residual }: Attributes,
): tf.TensorInfo[] {
  const { dy, x, y, gamma, mean, variance } = inputs;
  const columns = gamma.shape[0]!;
  const rows = tf.util.sizeFromShape(x.shape) / columns;
  const relu = activation === "relu";
  const through = relu ? { dy, x, y } : { dy, x };
  const terms = `
    let passed = ${relu ? "select(0.0, dy[at], y[at] > 0.0)" : "dy[at]"};
    first += passed; second += passed * (x[at] - mean[column]);`;
  const sums = columnSums(backend, `batchNormGradSums-${activation}`, { ...through, mean }, terms, rows, columns);
  const dBeta = fromSums(backend, "batchNormDBeta", sums, {}, "value = first;", rows, epsilon);
  const dGammaCode = "value = second * inverseSqrt(variance[index] + uniforms.epsilon);";
  const dGamma = fromSums(backend, "batchNormDGamma", sums, { variance }, dGammaCode, rows, epsilon);
  backend.disposeData(sums.dataId);
  const passed = relu ? "select(zero, dy[index], y[index] > zero)" : "dy[index]";
  const code = `
    let deviation = inverseSqrt(variance[c] + uniforms.epsilon);
    let slope = deviation * dGamma[c];
    value = gamma[c] * deviation * (${passed} - ((x[index] - mean[c]) * slope + dBeta[c]) / uniforms.rows);`;
  const operands = { ...through, gamma, mean, variance, dGamma, dBeta };
  const dx = perElement(backend, `batchNormDX-${activation}`, x.shape, operands, code, rows, epsilon);
  if (!residual) return [dx, dGamma, dBeta];
  if (!relu) {
    backend.incRef(dy.dataId);
    return [dx, dGamma, dBeta, { dataId: dy.dataId, shape: dy.shape, dtype: dy.dtype }];
  }
  const dResidual = perElement(backend, "batchNormDResidual", x.shape, { dy, y }, `value = ${passed};`, rows, epsilon);
  return [dx, dGamma, dBeta, dResidual];
}

/** Registers the named kernels that `batchNorm` of `@simclr/ops` looks for. */
export function registerBatchNorm(): void {
  tf.registerKernel({
    kernelName: "SimclrBatchNorm",
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }) =>
      batchNormForward(
        backend as WebGPUBackend,
        inputs as unknown as Parameters<typeof batchNormForward>[1],
        attrs as unknown as Attributes,
      ),
  });
  tf.registerKernel({
    kernelName: "SimclrBatchNormGrad",
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }) =>
      batchNormBackward(
        backend as WebGPUBackend,
        inputs as unknown as Parameters<typeof batchNormBackward>[1],
        attrs as unknown as Attributes,
      ),
  });
}
