import { describe, expect, it } from "vitest";
import { type Outline, SHAPE_CLASSES } from "./outlines.js";

const byName = (name: string): Outline => SHAPE_CLASSES.find((shape) => shape.name === name)!.outline;

const SIDE = 2.4;

/** Points of a square grid of side 2.4 about the centre that lie inside a shape turned by `angle`. */
function mask(outline: Outline, angle = 0, count = 48): Uint8Array {
  const step = SIDE / count;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return Uint8Array.from({ length: count * count }, (_, i) => {
    const x = ((i % count) + 0.5) * step - SIDE / 2;
    const y = (Math.floor(i / count) + 0.5) * step - SIDE / 2;
    return outline(x * cos + y * sin, y * cos - x * sin) < 0 ? 1 : 0;
  });
}

function overlap(a: Uint8Array, b: Uint8Array): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < a.length; i++) {
    both += a[i]! & b[i]!;
    either += a[i]! | b[i]!;
  }
  return both / either;
}

describe("the outlines", () => {
  it("have the distances that geometry gives", () => {
    expect(byName("circle")(0.3, 0.4)).toBeCloseTo(0.5 - 0.9, 12);
    expect(byName("ring")(0, 0)).toBeCloseTo(0.5, 12);
    expect(byName("ring")(0.725, 0)).toBeCloseTo(-0.225, 12);
    const apothem = 1.1 / Math.SQRT2; // of the square whose corners lie at 1.1
    expect(byName("square")(0, 0)).toBeCloseTo(-apothem, 12);
    expect(byName("square")(0, 2)).toBeCloseTo(0.9, 12);
    expect(byName("triangle")(0, 0)).toBeCloseTo(-1.12 / 2, 12); // the inradius is half the circumradius
    expect(byName("cross")(0.66, 0.66)).toBeCloseTo(0.34, 12);
    expect(byName("cross")(0, 0)).toBeCloseTo(-0.32 * Math.SQRT2, 12);
  });

  it("enclose the areas that geometry gives", () => {
    const count = 480;
    const area = (name: string) =>
      mask(byName(name), 0, count).reduce((sum, inside) => sum + inside, 0) * (SIDE / count) ** 2;
    const atol = 0.025; // half a cell along edges at most ten units long
    expect(Math.abs(area("circle") - Math.PI * 0.81)).toBeLessThan(atol);
    expect(Math.abs(area("ring") - Math.PI * (0.95 ** 2 - 0.25))).toBeLessThan(atol);
    expect(Math.abs(area("square") - 2 * 1.1 ** 2)).toBeLessThan(atol);
    expect(Math.abs(area("triangle") - ((3 * Math.sqrt(3)) / 4) * 1.12 ** 2)).toBeLessThan(atol);
    expect(Math.abs(area("cross") - (4 * 0.64 - 0.64 ** 2))).toBeLessThan(atol);
    expect(Math.abs(area("star") - 5 * 1.1 * 0.46 * Math.sin(Math.PI / 5))).toBeLessThan(atol);
  });

  it("never change faster than the distance walked, so that runs of pixels can be skipped", () => {
    for (const { name, outline } of SHAPE_CLASSES) {
      for (let i = 0; i < 2000; i++) {
        const x = ((i * 0.618) % 1) * 2.4 - 1.2;
        const y = ((i * 0.755) % 1) * 2.4 - 1.2;
        const change = Math.abs(outline(x + 0.03, y - 0.04) - outline(x, y));
        expect(change, name).toBeLessThanOrEqual(0.05 + 1e-9);
      }
    }
  });

  it("stay within the reach that the renderer looks at", () => {
    for (const { name, outline } of SHAPE_CLASSES)
      for (let i = 0; i < 360; i++) {
        const angle = (i * Math.PI) / 180;
        expect(outline(1.15 * Math.cos(angle), 1.15 * Math.sin(angle)), name).toBeGreaterThan(0);
      }
  });

  it("differ from each other at every rotation", () => {
    const worst: number[] = [];
    for (const [i, a] of SHAPE_CLASSES.entries())
      for (const b of SHAPE_CLASSES.slice(i + 1)) {
        const upright = mask(a.outline);
        const turned = Array.from({ length: 36 }, (_, k) => overlap(upright, mask(b.outline, (k * Math.PI) / 18)));
        worst.push(Math.max(...turned));
        expect(worst.at(-1), `${a.name} and ${b.name}`).toBeLessThan(0.88);
      }
    expect(worst.reduce((sum, value) => sum + value, 0) / worst.length).toBeLessThan(0.6);
  });
});
