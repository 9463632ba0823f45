import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { escapeHtml, type Markup, trusted } from "../markup.js";
import { color } from "../palette.js";

/** Width of every figure's own coordinates: as wide as a phone, so that its text is read there without zooming. */
export const FIGURE_WIDTH = 400;

/**
 * Draws a plot as SVG that stands on its own: direct labels, a named font and colours with fallbacks.
 *
 * @param description - What a reader who cannot see the figure is told.
 */
export function drawFigure(options: Plot.PlotOptions, description: string): Markup {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({ width: FIGURE_WIDTH, ...options, document: document as unknown as Document });
  for (const style of [...svg.querySelectorAll("style")]) style.remove();
  svg.removeAttribute("class");
  const attributes: Record<string, string> = {
    xmlns: "http://www.w3.org/2000/svg",
    "font-family": "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif",
    "font-size": "12",
    style: `white-space:pre;color:${color("muted")}`,
  };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  // linkedom escapes text, but not "&" in attributes; the description is the only attribute that holds a user's text.
  const opening = `<svg role="img" aria-label="${escapeHtml(description)}" `;
  return trusted(svg.outerHTML.replace("<svg ", () => opening));
}
