/** Colours of the page and its figures, as #rrggbb. */
export interface Palette {
  readonly page: string;
  readonly panel: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  /** Links, dots, bars and the full cell of a heat map. */
  readonly accent: string;
  /** The baseline and reference lines. */
  readonly contrast: string;
  readonly good: string;
  readonly bad: string;
  /** Numbers on the cells of a heat map, by how opaque the cell is; see `cellInk`. */
  readonly cellLow: string;
  readonly cellMid: string;
  readonly cellHigh: string;
}

export const light: Palette = {
  page: "#ffffff",
  panel: "#f6f8fa",
  ink: "#1b1f24",
  muted: "#57606a",
  line: "#d0d7de",
  accent: "#1d4ed8",
  contrast: "#b45309",
  good: "#116329",
  bad: "#b42318",
  cellLow: "#000000",
  cellMid: "#000000",
  cellHigh: "#ffffff",
};

export const dark: Palette = {
  page: "#0f1319",
  panel: "#171d26",
  ink: "#e6eaf0",
  muted: "#a0aab6",
  line: "#323b47",
  accent: "#7cabff",
  contrast: "#f0a94e",
  good: "#6fd08c",
  bad: "#ff8f85",
  cellLow: "#ffffff",
  cellMid: "#000000",
  cellHigh: "#000000",
};

/**
 * The colour of a number on a cell of the accent colour at `opacity` over the page. Both modes change from pale to
 * strong at another opacity, hence three steps; each keeps a contrast of at least 4.5.
 */
export function cellInk(opacity: number): "cellLow" | "cellMid" | "cellHigh" {
  if (opacity <= 0.645) return "cellLow";
  return opacity <= 0.81 ? "cellMid" : "cellHigh";
}

/** The palette as CSS custom properties. */
export function customProperties(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, value]) => `--${kebab(name)}:${value};`)
    .join("");
}

/** A reference to one colour, with the light one as fallback, so that a figure saved alone keeps its colours. */
export function color(name: keyof Palette): string {
  return `var(--${kebab(name)}, ${light[name]})`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
