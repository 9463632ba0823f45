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

export interface GemmLayout {
  readonly name: string;
  readonly variableNames: readonly [string, string];
  readonly uniforms: string;
  /** Rows. */
  readonly a: GemmOperand;
  /** Columns; contiguous in the result. */
  readonly b: GemmOperand;
  readonly functions?: string;
}

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
    this.variableNames = [...layout.variableNames];
    this.variableComponents = [layout.a.vec4 ? 4 : 1, layout.b.vec4 ? 4 : 1];
    this.outputComponent = columns % 4 === 0 ? 4 : 1;
    this.outputShape = [splits, rows, columns];
    this.uniforms = `rows : i32, columns : i32, inner : i32, chunk : i32, splits : i32, ${layout.uniforms}`;
    const rowTiles = Math.ceil(rows / tile);
    const wide = Math.min(rowTiles, MAX_GRID);
    this.dispatch = [wide, Math.ceil(columns / tile), splits * Math.ceil(rowTiles / wide)];
    this.shaderKey = `simclr-${layout.name}-${tile}-${this.variableComponents.join("")}${this.outputComponent}`;
  }

  getUserCode(): string {
    const { a, b, functions = "" } = this.layout;
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
    const write = rowsOf
      .flatMap(({ i, r }) =>
        range(sub).map((j) => {
          const row = `row0 + ${64 * i} + ly * 4 + ${r}`;
          const column = `column0 + ${64 * j} + lx * 4`;
          return `write(split, ${row}, ${column}, sum_${i}${r}${j});`;
        }),
      )
      .join("\n");
    const writeBody =
      this.outputComponent === 4
        ? "if (column < uniforms.columns) { result[((split * uniforms.rows + row) * uniforms.columns + column) / 4] = value; }"
        : `for (var j = 0; j < 4; j++) { if (column + j < uniforms.columns) {
             result[(split * uniforms.rows + row) * uniforms.columns + column + j] = value[j]; } }`;

    return `
    var<workgroup> tile_a : array<vec4<f32>, ${GEMM_STEP * stride}>;
    var<workgroup> tile_b : array<vec4<f32>, ${GEMM_STEP * stride}>;
    ${functions}
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
      ${write}
    }`;
  }
}
