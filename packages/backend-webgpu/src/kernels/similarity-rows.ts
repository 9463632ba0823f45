import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import type { GemmLayout } from "./gemm-program.js";
import { BACKEND_NAME, FlatProgram, float32, int32, reshaped, runKernel } from "./launch.js";
import { runGemm } from "./run-gemm.js";

interface Attributes {
  readonly offset: number;
  readonly temperature: number;
  readonly blockSize: number;
}

type Rows = Readonly<Record<"anchors" | "candidates", tf.TensorInfo>>;
type RowsAndSums = Rows & Readonly<Record<"anchorLogSums" | "candidateLogSums", tf.TensorInfo>>;

const UNIFORMS = "start : i32, offset : i32, factor : f32,";

const uniformsOf = (start: number, { offset, temperature }: Attributes) => [
  int32(start),
  int32(offset),
  float32(1 / temperature),
];

/** Anchors from `start` on against all candidates. */
function logitsLayout(depth: number): Omit<GemmLayout, "name" | "variableNames"> {
  const vec4 = depth % 4 === 0;
  const at = (row: string) => `[((${row}) * uniforms.inner + inner)${vec4 ? " / 4" : ""}]`;
  return {
    uniforms: UNIFORMS,
    a: { contiguous: "inner", vec4, load: `value = anchors${at("uniforms.start + outer")};` },
    b: { contiguous: "inner", vec4, load: `value = candidates${at("outer")};` },
  };
}

const IS_SELF = "column == row + uniforms.start + uniforms.offset";

/** The matrix of logits never exists: a tile leaves two numbers a row. */
function logSums(backend: WebGPUBackend, { anchors, candidates }: Rows, attributes: Attributes): tf.TensorInfo {
  const [rows, depth] = anchors.shape as [number, number];
  const columns = candidates.shape[0]!;
  const layout: GemmLayout = {
    name: "similarityLogSums",
    variableNames: ["anchors", "candidates"],
    ...logitsLayout(depth),
    epilogue: { kind: "logSumExp", code: "value = sum * uniforms.factor;", skip: IS_SELF },
  };
  const size = { rows, columns, inner: depth };
  const pairs = runGemm(backend, layout, [anchors, candidates], size, uniformsOf(0, attributes));
  const program = new FlatProgram(
    "similarityLogSumsOfTiles",
    [rows, 1],
    1,
    { pairs: 1 },
    "tiles : i32,",
    `let base = index * uniforms.tiles * 2;
     var m = pairs[base];
     for (var t = 1; t < uniforms.tiles; t++) { m = max(m, pairs[base + 2 * t]); }
     var s = 0.0;
     for (var t = 0; t < uniforms.tiles; t++) { s += pairs[base + 2 * t + 1] * exp(pairs[base + 2 * t] - m); }
     value = m + log(s);`,
  );
  const result = backend.runWebGPUProgram(program, [pairs], "float32", [int32(rows), int32(pairs.shape[1]!)]);
  backend.disposeData(pairs.dataId);
  return result;
}

/** A block of rows of the matrix P + Pᵀ at a time, and its product with the candidates. */
function repulsion(backend: WebGPUBackend, inputs: RowsAndSums, attributes: Attributes): tf.TensorInfo {
  const { anchors, candidates, anchorLogSums, candidateLogSums } = inputs;
  const [total, depth] = anchors.shape as [number, number];
  const columns = candidates.shape[0]!;
  const weights: GemmLayout = {
    name: "similarityWeights",
    variableNames: ["anchors", "candidates"],
    moreVariables: ["anchorLogSums", "candidateLogSums"],
    ...logitsLayout(depth),
    epilogue: {
      kind: "each",
      code: `
        let logit = sum * uniforms.factor;
        value = exp(logit - anchorLogSums[row + uniforms.start]) + exp(logit - candidateLogSums[column]);
        if (${IS_SELF}) { value = 0.0; }`,
    },
  };
  const product: GemmLayout = {
    name: "similarityRepulsion",
    variableNames: ["weights", "candidates"],
    uniforms: "",
    a: vectors("inner", columns, "value = weights[(outer * uniforms.inner + inner)"),
    b: vectors("outer", depth, "value = candidates[(inner * uniforms.columns + outer)"),
  };
  const blocks: tf.TensorInfo[] = [];
  for (let start = 0; start < total; start += attributes.blockSize) {
    const rows = Math.min(attributes.blockSize, total - start);
    const operands = [anchors, candidates, anchorLogSums, candidateLogSums];
    const size = { rows, columns, inner: depth };
    const block = runGemm(backend, weights, operands, size, uniformsOf(start, attributes));
    const sums = runGemm(backend, product, [block, candidates], { rows, columns: depth, inner: columns }, []);
    backend.disposeData(block.dataId);
    blocks.push(reshaped(backend, sums, [rows, depth]));
    backend.disposeData(sums.dataId);
  }
  if (blocks.length === 1) return blocks[0]!;
  const result = runKernel("Concat", backend, blocks as unknown as tf.NamedTensorInfoMap, { axis: 0 });
  for (const { dataId } of blocks) backend.disposeData(dataId);
  return result;
}

function vectors(contiguous: "inner" | "outer", length: number, load: string): GemmLayout["a"] {
  const vec4 = length % 4 === 0;
  return { contiguous, vec4, load: `${load}${vec4 ? " / 4" : ""}];` };
}

/** Registers the named kernels that `similarityLogSums` and `similarityRepulsion` of `@simclr/ops` look for. */
export function registerSimilarityRows(): void {
  tf.registerKernel({
    kernelName: "SimclrSimilarityLogSums",
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }) =>
      logSums(backend as WebGPUBackend, inputs as unknown as Rows, attrs as unknown as Attributes),
  });
  tf.registerKernel({
    kernelName: "SimclrSimilarityRepulsion",
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }) =>
      repulsion(backend as WebGPUBackend, inputs as unknown as RowsAndSums, attrs as unknown as Attributes),
  });
}
