import type { WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";

/** Rows and columns of the result that one workgroup of 16 x 16 threads computes; each thread holds (tile / 16)². */
export type GemmTile = 64 | 128;

/** Steps along the inner axis between two barriers. */
export const GEMM_STEP = 16;

/** Workgroups along one axis, below what every device allows; further tiles go along another. */
const MAX_GRID = 32768;

/** How one operand comes from memory. */
interface GemmOperand {
  /**
   * "inner": four neighbours along the inner axis lie side by side in memory; "outer": four along the operand's other axis.
   * Memory is read in fours along that axis where `vec4` holds.
   */
  readonly contiguous: "inner" | "outer";
  readonly vec4: boolean;
  /**
   * WGSL: the value at (`outer`, `inner`), assigned to `value`, which starts at 0: a `vec4<f32>` of neighbours where `vec4`
   * holds, an `f32` otherwise. Called with both indices inside the matrix.
   */
  readonly load: string;
}

/** What becomes of the sums before they are written. */
type GemmEpilogue =
  /** Each is replaced: WGSL statements assign `value`, an `f32`, from `sum`, `row` and `column`. */
  | { readonly kind: "each"; readonly code: string }
  /**
   * Of each row of a tile only the maximum m and the sum of exp(value - m) are written: `[rows, tiles, 2]` instead of
   * `[splits, rows, columns]`. `code` as for "each"; `skip` is a WGSL condition on `row` and `column` that leaves a value out.
   * For one split.
   */
  | { readonly kind: "logSumExp"; readonly code: string; readonly skip: string };

export interface GemmLayout {
  readonly name: string;
  readonly variableNames: readonly [string, string];
  /** Further inputs, read by the epilogue, one value at a time. */
  readonly moreVariables?: readonly string[];
  readonly uniforms: string;
  /** Rows. */
  readonly a: GemmOperand;
  /** Columns; contiguous in the result. */
  readonly b: GemmOperand;
  readonly epilogue?: GemmEpilogue;
}

/** A maximum that every value of float32 replaces. */
const LOWEST = "-3.4028234e38";

/**
 * Tiled matrix product over operands that are computed on the way in (implicit GEMM): `result[split, m, n]` is the sum of
 * `a(m, k) * b(n, k)` over the split's part of k. Tiles go through workgroup memory; the next one is fetched into registers
 * while this one is multiplied.
 *
 * Uniforms: `rows`, `columns`, `inner`, `chunk` (inner length of a split, a multiple of 16), `splits`, then the layout's.
 */
export class GemmProgram implements WebGPUProgram {
  readonly variableNames: string[];
  readonly variableComponents: number[];
  readonly outputComponent: number;
  readonly outputShape: number[];
  readonly uniforms: string;
  readonly shaderKey: string;
  readonly workgroupSize: [number, number, number] = [16, 16, 1];
  readonly dispatchLayout = { x: [2], y: [1], z: [0] };
  dispatch: [number, number, number];

  constructor(
    readonly layout: GemmLayout,
    readonly tile: GemmTile,
    rows: number,
    columns: number,
    splits: number,
  ) {
    const { moreVariables = [] } = layout;
    this.variableNames = [...layout.variableNames, ...moreVariables];
    this.variableComponents = [layout.a.vec4 ? 4 : 1, layout.b.vec4 ? 4 : 1, ...moreVariables.map(() => 1)];
    const reduces = layout.epilogue?.kind === "logSumExp";
    this.outputComponent = columns % 4 === 0 && !reduces ? 4 : 1;
    this.outputShape = reduces ? [rows, Math.ceil(columns / tile), 2] : [splits, rows, columns];
    this.uniforms = `rows : i32, columns : i32, inner : i32, chunk : i32, splits : i32, ${layout.uniforms}`;
    const rowTiles = Math.ceil(rows / tile);
    const wide = Math.min(rowTiles, MAX_GRID);
    this.dispatch = [wide, Math.ceil(columns / tile), splits * Math.ceil(rowTiles / wide)];
    this.shaderKey = `simclr-${layout.name}-${tile}-${this.variableComponents.join("")}${this.outputComponent}`;
  }

  getUserCode(): string {
    const { a, b, epilogue } = this.layout;
    const sub = this.tile / 64; // vec4s of a thread along each side of the result, and of each operand that it fetches
    const stride = this.tile / 4 + 1; // in vec4s; the extra one spreads the banks
    const range = (n: number) => Array.from({ length: n }, (_, i) => i);
    const sides = { a, b };
    const each = (f: (side: "a" | "b", slot: number, operand: GemmOperand) => string) =>
      (["a", "b"] as const).flatMap((side) => range(sub).map((slot) => f(side, slot, sides[side]))).join("\n");
    const limit = { a: "uniforms.rows", b: "uniforms.columns" };
    const origin = { a: "row0", b: "column0" };

    const place = (side: "a" | "b", slot: number, operand: GemmOperand) => {
      const id = `thread + ${256 * slot}`;
      const [outer, inner] =
        operand.contiguous === "inner"
          ? [`(${id}) / 4`, `((${id}) % 4) * 4`]
          : [`((${id}) % ${this.tile / 4}) * 4`, `(${id}) / ${this.tile / 4}`];
      return `let at_${side}${slot} = ${outer}; let in_${side}${slot} = ${inner};
      let outer_${side}${slot} = ${origin[side]} + at_${side}${slot};
      var next_${side}${slot} = vec4<f32>(0.0);`;
    };

    const fetch = (side: "a" | "b", slot: number, operand: GemmOperand) => {
      const name = `${side}${slot}`;
      if (operand.vec4)
        return `{ let outer = outer_${name}; let inner = base + in_${name};
          var value = vec4<f32>(0.0);
          if (outer < ${limit[side]} && inner < end) { ${operand.load} }
          next_${name} = value; }`;
      return `for (var j = 0; j < 4; j++) {
          let outer = outer_${name}${operand.contiguous === "outer" ? " + j" : ""};
          let inner = base + in_${name}${operand.contiguous === "inner" ? " + j" : ""};
          var value = 0.0;
          if (outer < ${limit[side]} && inner < end) { ${operand.load} }
          next_${name}[j] = value; }`;
    };

    const store = (side: "a" | "b", slot: number, operand: GemmOperand) => {
      const name = `${side}${slot}`;
      if (operand.contiguous === "outer")
        return `tile_${side}[in_${name} * ${stride} + at_${name} / 4] = next_${name};`;
      return range(4)
        .map(
          (i) =>
            `tile_${side}[(in_${name} + ${i}) * ${stride} + at_${name} / 4][at_${name} % 4] = next_${name}.${"xyzw"[i]};`,
        )
        .join("\n");
    };

    const rowsOf = range(sub).flatMap((i) => range(4).map((r) => ({ i, r })));
    const multiply = rowsOf
      .flatMap(({ i, r }) =>
        range(sub).map((j) => `sum_${i}${r}${j} = fma(vec4<f32>(a${i}.${"xyzw"[r]}), b${j}, sum_${i}${r}${j});`),
      )
      .join("\n");
    const write = epilogue
      ? ""
      : rowsOf
          .flatMap(({ i, r }) =>
            range(sub).map((j) => {
              const row = `row0 + ${64 * i} + ly * 4 + ${r}`;
              return `write(split, ${row}, column0 + ${64 * j} + lx * 4, sum_${i}${r}${j});`;
            }),
          )
          .join("\n");
    // In loops, unlike the above: an epilogue runs once, and software drivers take seconds to compile it unrolled.
    const collected = rowsOf.flatMap(({ i, r }) => range(sub).map((j) => `sum_${i}${r}${j}`));
    const finish = epilogue && epilogueLoop(epilogue, this.tile, collected);
    const writeBody =
      this.outputComponent === 4
        ? "if (column < uniforms.columns) { result[((split * uniforms.rows + row) * uniforms.columns + column) / 4] = value; }"
        : `for (var j = 0; j < 4; j++) { if (column + j < uniforms.columns) {
             result[(split * uniforms.rows + row) * uniforms.columns + column + j] = value[j]; } }`;

    return `
    var<workgroup> tile_a : array<vec4<f32>, ${GEMM_STEP * stride}>;
    var<workgroup> tile_b : array<vec4<f32>, ${GEMM_STEP * stride}>;
    ${epilogue?.kind === "logSumExp" ? "var<workgroup> pairs : array<vec2<f32>, 256>;" : ""}
    fn write(split : i32, row : i32, column : i32, value : vec4<f32>) {
      if (row < uniforms.rows) { ${writeBody} }
    }
    fn main() {
      let thread = i32(localIndex); let lx = thread % 16; let ly = thread / 16;
      let depth = i32(workgroupId.z); let split = depth % uniforms.splits;
      let row0 = (i32(workgroupId.x) + i32(numWorkgroups.x) * (depth / uniforms.splits)) * ${this.tile};
      let column0 = i32(workgroupId.y) * ${this.tile};
      let begin = split * uniforms.chunk; let end = min(begin + uniforms.chunk, uniforms.inner);
      ${each(place)}
      ${rowsOf.flatMap(({ i, r }) => range(sub).map((j) => `var sum_${i}${r}${j} = vec4<f32>(0.0);`)).join(" ")}
      var base = begin;
      ${each(fetch)}
      // The trip count is the uniform buffer's: workgroupId comes through a private variable, which counts as not uniform,
      // and a barrier inside would be rejected.
      for (var step = 0; step < uniforms.chunk / ${GEMM_STEP}; step++) {
        workgroupBarrier();
        ${each(store)}
        workgroupBarrier();
        base += ${GEMM_STEP};
        ${each(fetch)}
        for (var t = 0; t < ${GEMM_STEP}; t++) {
          ${range(sub)
            .map(
              (i) =>
                `let a${i} = tile_a[t * ${stride} + ${16 * i} + ly]; let b${i} = tile_b[t * ${stride} + ${16 * i} + lx];`,
            )
            .join("\n")}
          ${multiply}
        }
      }
      ${finish ?? write}
    }`;
  }
}

/** WGSL that finishes the sums of a thread, four neighbours in each of `collected`, row by row. */
function epilogueLoop(epilogue: GemmEpilogue, tile: GemmTile, collected: readonly string[]): string {
  const sub = tile / 64;
  const finish = `
        let row = row0 + 64 * (i / 4) + ly * 4 + i % 4;
        for (var j = 0; j < ${sub}; j++) { for (var k = 0; k < 4; k++) {
          let column = column0 + 64 * j + lx * 4 + k;
          let sum = sums[i * ${sub} + j][k];
          var value = ${LOWEST};
          if (row < uniforms.rows && column < uniforms.columns${epilogue.kind === "logSumExp" ? ` && !(${epilogue.skip})` : ""}) {
            ${epilogue.code}
          }
          values[j][k] = value;
        } }`;
  const reduce = `
        var m = ${LOWEST}; var s = 0.0;
        for (var j = 0; j < ${sub}; j++) { for (var k = 0; k < 4; k++) { m = max(m, values[j][k]); } }
        // What is left out must not count where all of a thread's values are left out.
        for (var j = 0; j < ${sub}; j++) { for (var k = 0; k < 4; k++) {
          if (values[j][k] != ${LOWEST}) { s += exp(values[j][k] - m); }
        } }
        workgroupBarrier();
        pairs[thread] = vec2<f32>(m, s);
        workgroupBarrier();
        if (lx == 0 && row < uniforms.rows) {
          for (var n = 1; n < 16; n++) {
            let other = pairs[thread + n]; let top = max(m, other.x);
            s = s * exp(m - top) + other.y * exp(other.x - top); m = top;
          }
          let at = (row * ((uniforms.columns + ${tile - 1}) / ${tile}) + column0 / ${tile}) * 2;
          result[at] = m; result[at + 1] = s;
        }`;
  const store = `for (var j = 0; j < ${sub}; j++) { write(split, row, column0 + 64 * j + lx * 4, values[j]); }`;
  return `
      var sums = array<vec4<f32>, ${collected.length}>(${collected.join(", ")});
      var values : array<vec4<f32>, ${sub}>;
      for (var i = 0; i < ${4 * sub}; i++) {
        ${finish}
        ${epilogue.kind === "logSumExp" ? reduce : store}
      }`;
}
