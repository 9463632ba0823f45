import { describe, expect, it } from "vitest";
import { lbfgs } from "./lbfgs.js";

describe("lbfgs", () => {
  it("finds the minimum of a quadratic form in about as many steps as it has directions", async () => {
    const scales = [1, 10, 100, 1000];
    const { point, value, converged, iterations } = await lbfgs(
      async (x) => ({
        value: x.reduce((sum, xi, i) => sum + (scales[i]! * (xi - i) ** 2) / 2, 0),
        gradient: x.map((xi, i) => scales[i]! * (xi - i)),
      }),
      Float64Array.of(5, -3, 7, 1),
      { iterations: 100, tolerance: 1e-9 },
    );
    expect(converged).toBe(true);
    expect(value).toBeLessThan(1e-16);
    point.forEach((x, i) => {
      expect(x).toBeCloseTo(i, 8);
    });
    expect(iterations).toBeLessThan(30);
  });

  it("follows Rosenbrock's valley to (1, 1)", async () => {
    const { point, converged, gradientSize } = await lbfgs(
      async ([x, y]) => ({
        value: (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2,
        gradient: Float64Array.of(-2 * (1 - x!) - 400 * x! * (y! - x! ** 2), 200 * (y! - x! ** 2)),
      }),
      Float64Array.of(-1.2, 1),
      { iterations: 200, tolerance: 1e-8 },
    );
    expect(converged).toBe(true);
    expect(gradientSize).toBeLessThanOrEqual(1e-8);
    expect(point[0]).toBeCloseTo(1, 7);
    expect(point[1]).toBeCloseTo(1, 7);
  });

  it("stops after its iterations, and leaves the start as it was", async () => {
    const start = Float64Array.of(100);
    const parabola = async (x: Float64Array) => ({ value: x[0]! ** 4, gradient: Float64Array.of(4 * x[0]! ** 3) });
    const { converged, iterations, value } = await lbfgs(parabola, start, { iterations: 3, tolerance: 1e-12 });
    expect({ converged, iterations }).toEqual({ converged: false, iterations: 3 });
    expect(value).toBeLessThan(100 ** 4);
    expect(start[0]).toBe(100);
  });
});
