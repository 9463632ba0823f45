/** Hues that people tell apart; from the thirteenth class on they come again. */
const HUES = [255, 40, 150, 320, 95, 200, 10, 285, 125, 60, 230, 350];

/** The hue of a class or a method, in degrees of OKLCH; its lightness and strength come from the style sheet. */
export const hueOf = (index: number): number => HUES[index % HUES.length]!;

/** A CSS colour for it, for light and dark alike. */
export const hueColor = (index: number): string => `oklch(var(--hue-lightness, 0.55) 0.15 ${hueOf(index)})`;
