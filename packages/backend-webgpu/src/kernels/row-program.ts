import type { WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";

const THREADS = 256;
/** Workgroups along one axis, below what every device allows; further rows go along another. */
const MAX_GRID = 32768;

/** A reduction over the columns of a row; later ones and the result may read what earlier ones gave. */
export interface RowReduction {
  /** Name under which WGSL reads the result. */
  readonly name: string;
  readonly type: "f32" | "vec2<f32>" | "vec3<f32>";
  /** WGSL of that type: what no columns give. */
  readonly start: string;
  /** WGSL of that type from `at`, the element's index, and `row`. */
  readonly term: string;
  /** WGSL that joins two partial results. */
  readonly join: (a: string, b: string) => string;
}

export const sum = (a: string, b: string): string => `(${a} + ${b})`;
export const max = (a: string, b: string): string => `max(${a}, ${b})`;

/**
 * Reductions over each row of matrices `[rows, columns]`, then a result: one value an element, or one a row. A row has as
 * many threads as it has work for. Uniforms: `rows`, `columns`.
 */
export class RowProgram implements WebGPUProgram {
  readonly uniforms = "rows : i32, columns : i32,";
  readonly workgroupSize: [number, number, number] = [THREADS, 1, 1];
  readonly dispatchLayout = { x: [0], y: [1] };
  readonly variableNames: string[];
  readonly shaderKey: string;
  readonly lanes: number;
  dispatch: [number, number, number];

  /**
   * @param result - WGSL of the value for the element `at` or, where `outputShape` has one value a row, for `row`
   */
  constructor(
    name: string,
    readonly outputShape: number[],
    [rows, columns]: readonly [number, number],
    variableNames: readonly string[],
    readonly reductions: readonly RowReduction[],
    readonly result: { readonly per: "element" | "row"; readonly value: string },
  ) {
    this.variableNames = [...variableNames];
    this.lanes = columns <= 16 ? 8 : columns <= 512 ? 32 : THREADS;
    const groups = Math.ceil((rows * this.lanes) / THREADS);
    const wide = Math.min(groups, MAX_GRID);
    this.dispatch = [wide, Math.ceil(groups / wide), 1];
    this.shaderKey = `simclr-${name}-${this.lanes}`;
  }

  getUserCode(): string {
    const { lanes, reductions, result } = this;
    const overColumns = (statement: string) => `
      if (row < uniforms.rows) {
        for (var column = lane; column < uniforms.columns; column += ${lanes}) { let at = first + column; ${statement} }
      }`;
    const reduce = ({ name, type, start, term, join }: RowReduction) => `
      var own_${name} = ${start};
      ${overColumns(`own_${name} = ${join(`own_${name}`, term)};`)}
      parts_${name}[thread] = own_${name};
      for (var half = ${lanes / 2}; half > 0; half /= 2) {
        workgroupBarrier();
        if (lane < half) { parts_${name}[thread] = ${join(`parts_${name}[thread]`, `parts_${name}[thread + half]`)}; }
      }
      workgroupBarrier();
      let ${name} : ${type} = parts_${name}[thread - lane];`;
    return `
    ${reductions.map(({ name, type }) => `var<workgroup> parts_${name} : array<${type}, ${THREADS}>;`).join("\n")}
    fn main() {
      let thread = i32(localIndex); let lane = thread % ${lanes};
      let group = i32(workgroupId.y) * i32(numWorkgroups.x) + i32(workgroupId.x);
      let row = group * ${THREADS / lanes} + thread / ${lanes};
      let first = row * uniforms.columns;
      ${reductions.map(reduce).join("\n")}
      ${
        result.per === "element"
          ? overColumns(`result[at] = ${result.value};`)
          : `if (row < uniforms.rows && lane == 0) { result[row] = ${result.value}; }`
      }
    }`;
  }
}
