/** Hues that people tell apart, in degrees of OKLCH; from the thirteenth class on they come again. */
const HUES = [255, 40, 150, 320, 95, 200, 10, 285, 125, 60, 230, 350];

/** The colour of a class; grey without one. @param lightness - 0 to 1, in CSS. */
export function classColor(label: number, lightness: string): string {
  return label < 0 ? `oklch(${lightness} 0 0)` : `oklch(${lightness} 0.15 ${HUES[label % HUES.length]})`;
}
