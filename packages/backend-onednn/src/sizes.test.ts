import { expect, it } from "vitest";
import { loadBinding } from "./loader.js";
import type { NativeArgument } from "./native.js";

const { kernels, write, free } = loadBinding();

const HALF = 2 ** 32; // HALF * HALF is 2^64: as int64, 0
const QUARTER = 2 ** 31;

/** Calls whose sizes multiply to what no machine holds, or to the length of `x`, which is 0, once they have wrapped round. */
const CALLS: Record<string, (x: number) => readonly NativeArgument[]> = {
  Add: (x) => [x, x, [HALF, HALF], [HALF, HALF]],
  Maximum: (x) => [x, x, [HALF, 1], [1, HALF]],
  MatMul: (x) => [x, x, null, [], [], [HALF, HALF, 1], false, false, false],
  Select: (x) => [x, x, x, HALF, HALF],
  Sum: (x) => [x, [HALF, HALF, 1], 1],
  Softmax: (x) => [x, HALF, HALF],
  Pad: (x) => [x, [HALF, HALF], [0, 0], [0, 0], 0],
  StridedCopy: (x) => [x, 0, [HALF, HALF], [0, 0]],
  OneHot: (x) => [x, 0, HALF ** 1.5, 1, 0, "float32"],
  ResizeBilinear: (x) => [x, [HALF, HALF, 1, 1, 1, 1], false, false],
  MaxPool: (x) => [x, [QUARTER, QUARTER, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]],
  Conv2D: (x) => [x, x, null, [QUARTER, QUARTER, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0], false],
  DepthwiseConv2D: (x) => [x, x, [QUARTER - 1, QUARTER - 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]],
};

it.each(Object.keys(CALLS))("%s refuses sizes that wrap round", (name) => {
  const x = write(new Float32Array(0));
  try {
    expect(() => kernels[name]!(...CALLS[name]!(x))).toThrow(/product of the sizes|must be|out of memory/);
  } finally {
    free(x);
  }
});
