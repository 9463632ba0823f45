import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { GEMM_STEP, type GemmLayout, GemmProgram, type GemmTile } from "./gemm-program.js";
import { FlatProgram, int32, type Uniform } from "./launch.js";

/** Workgroups that keep a large GPU busy. */
const WANTED_WORKGROUPS = 512;
const MAX_SPLITS = 256;
/** A split shorter than this costs more than it brings. */
const MIN_SPLIT_INNER = 256;

/** Of a matrix product `[rows, inner] x [inner, columns]`. */
export interface GemmSize {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

/** The large tile reads less from memory; the small one wastes less where the matrix is narrow. */
function chooseTile({ rows, columns }: GemmSize): GemmTile {
  return rows < 96 || columns < 96 ? 64 : 128;
}

/**
 * A matrix product; split along its inner axis where there are few tiles, unless an epilogue needs the whole sum.
 *
 * @param uniforms - Of the layout.
 * @returns `[1, rows, columns]` or `[rows, columns]`, or what the epilogue makes of it.
 */
export function runGemm(
  backend: WebGPUBackend,
  layout: GemmLayout,
  inputs: tf.TensorInfo[],
  size: GemmSize,
  uniforms: readonly Uniform[],
): tf.TensorInfo {
  const tile = chooseTile(size);
  const groups = Math.ceil(size.rows / tile) * Math.ceil(size.columns / tile);
  const wanted = Math.min(WANTED_WORKGROUPS / groups, size.inner / MIN_SPLIT_INNER, MAX_SPLITS);
  const parts = layout.epilogue ? 1 : Math.max(1, Math.floor(wanted));
  const chunk = Math.ceil(size.inner / parts / GEMM_STEP) * GEMM_STEP;
  const splits = Math.ceil(size.inner / chunk);
  const program = new GemmProgram(layout, tile, size.rows, size.columns, splits);
  const sizes = [size.rows, size.columns, size.inner, chunk, splits].map((value) => int32(value));
  const partial = backend.runWebGPUProgram(program, inputs, "float32", [...sizes, ...uniforms]);
  if (splits === 1) return partial;
  const sum = sumOverFirst(backend, partial);
  backend.disposeData(partial.dataId);
  return sum;
}

/** `[S, M, N]` to `[M, N]`, in a fixed order. */
function sumOverFirst(backend: WebGPUBackend, x: tf.TensorInfo): tf.TensorInfo {
  const [splits, ...shape] = x.shape as [number, ...number[]];
  const size = tf.util.sizeFromShape(shape);
  const width = size % 4 === 0 ? 4 : 1;
  const program = new FlatProgram(
    "sumOverFirst",
    shape,
    width,
    { x: width },
    "splits : i32,",
    "for (var s = 0; s < uniforms.splits; s++) { value += x[s * uniforms.items + index]; }",
  );
  return backend.runWebGPUProgram(program, [x], "float32", [int32(program.items), int32(splits)]);
}
