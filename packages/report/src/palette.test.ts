import { describe, expect, it } from "vitest";
import { cellInk, dark, light, type Palette } from "./palette.js";

type Rgb = readonly number[];
const rgb = (hex: string): Rgb => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));

/** Relative luminance and contrast ratio as WCAG 2.2 defines them. */
function luminance(color: Rgb): number {
  const [r, g, b] = color.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

describe.each<[string, Palette]>([
  ["light", light],
  ["dark", dark],
])("the %s palette", (_, palette) => {
  it("gives all text a contrast of 4.5 or more on page and panel (WCAG AA)", () => {
    for (const text of ["ink", "muted", "accent", "contrast", "good", "bad"] as const) {
      for (const ground of ["page", "panel"] as const) {
        expect(contrast(rgb(palette[text]), rgb(palette[ground])), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("keeps the numbers of a heat map readable on every cell", () => {
    const [page, accent] = [rgb(palette.page), rgb(palette.accent)];
    for (let opacity = 0; opacity <= 1; opacity += 0.005) {
      const cell = page.map((c, i) => c * (1 - opacity) + accent[i]! * opacity);
      expect(contrast(cell, rgb(palette[cellInk(opacity)])), `opacity ${opacity}`).toBeGreaterThanOrEqual(4.5);
    }
  });
});
