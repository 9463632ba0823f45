import { expectClose } from "@simclr/test-utils";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResizeKernel } from "../crop-spec.js";
import { resizeTaps } from "./resize-taps.js";

const kernels: readonly ResizeKernel[] = ["tf1-bicubic", "tf2-bicubic", "bilinear", "vips"];

function resize(row: readonly number[], kernel: ResizeKernel, size: number, start = 0, length = row.length): number[] {
  const { index, weight, taps } = resizeTaps(kernel, start, length, row.length, size);
  return Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let k = i * taps; k < (i + 1) * taps; k++) sum += weight[k]! * row[index[k]!]!;
    return sum;
  });
}

describe("resizeTaps", () => {
  it("resizes [0, 1, 2, 3] to 8 as TensorFlow 1 does", () => {
    const golden = [0, 0.40625, 1, 1.5, 2, 2.59375, 3, 3.09375];
    expectClose(resize([0, 1, 2, 3], "tf1-bicubic", 8), golden, { atol: 1e-6 }); // weights are float32
  });

  it("resizes [0, 1, 2, 3] to 8 as TensorFlow 2 does", () => {
    const golden = [-0.08824, 0.16788, 0.70992, 1.25, 1.75, 2.29008, 2.83212, 3.08824];
    expectClose(resize([0, 1, 2, 3], "tf2-bicubic", 8), golden, { atol: 6e-6 }); // given to five decimals
  });

  it("interpolates linearly at half-pixel positions", () => {
    expectClose(resize([0, 1], "bilinear", 4), [0, 0.25, 0.75, 1], { atol: 1e-7 });
  });

  it("changes nothing when the size stays, and keeps what is constant", () => {
    for (const kernel of kernels) {
      expect(resize([3, 1, 4, 1, 5], kernel, 5)).toEqual([3, 1, 4, 1, 5]);
      expectClose(resize([7, 7, 7, 7, 7], kernel, 11), new Array<number>(11).fill(7), { atol: 1e-5 });
    }
  });

  it("is exact on lines inside, as a kernel of Keys is (a = -0.5 even on parabolas)", () => {
    const line = Array.from({ length: 20 }, (_, i) => 2 * i - 5);
    const parabola = Array.from({ length: 20 }, (_, i) => i * i);
    const at = (i: number): number => (i + 0.5) * (20 / 32) - 0.5;
    const onLine = resize(line, "tf2-bicubic", 32).slice(4, 28);
    const onParabola = resize(parabola, "tf2-bicubic", 32).slice(4, 28);
    const inside = Array.from({ length: 24 }, (_, i) => at(i + 4));
    expectClose(
      onLine,
      inside.map((x) => 2 * x - 5),
      { atol: 1e-5 },
    );
    expectClose(
      onParabola,
      inside.map((x) => x * x),
      { atol: 1e-4 },
    ); // values up to 361
  });

  it("averages what it shrinks, with vips alone", () => {
    const stripes = Array.from({ length: 64 }, (_, i) => (i % 2) * 100); // nothing but the highest frequency
    for (const value of resize(stripes, "vips", 16).slice(2, -2)) expect(Math.abs(value - 50)).toBeLessThan(2);
    expect(resize(stripes, "bilinear", 21).some((value) => Math.abs(value - 50) > 25)).toBe(true);
    expect(resize([1, 5, 2, 8, 3], "vips", 9)[4]).toBe(2); // the middle of the middle, as wide as Keys' kernel is
  });

  it("does not see beyond the window: crop first, then resize", () => {
    const row = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(row, fc.nat(30), fc.nat(30), fc.integer({ min: 1, max: 24 }), (values, before, after, size) => {
        const padded = [...new Array<number>(before).fill(1e6), ...values, ...new Array<number>(after).fill(-1e6)];
        for (const kernel of kernels)
          expect(resize(padded, kernel, size, before, values.length)).toEqual(resize(values, kernel, size));
      }),
      { seed: 8 },
    );
  });

  it("says when the window leaves the axis", () => {
    expect(() => resizeTaps("bilinear", 5, 6, 10, 4)).toThrow(
      "resizeTaps: the window [5, 11) must lie within the axis; received an axis of 10. Shrink the crop.",
    );
  });
});
