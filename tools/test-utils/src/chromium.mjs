import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** The system's Chromium; tests that need one are skipped where there is none. */
export const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find((path) => existsSync(path));

/** Chromium's switches by what a page may compute with; SwiftShader does WebGL on the processor. */
const GRAPHICS = {
  none: ["--disable-gpu"],
  webgl: ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
};

/**
 * Starts Chromium without a window. The caller closes it.
 *
 * @param {keyof typeof GRAPHICS} graphics
 */
export const openBrowser = (graphics = "none") =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: [
      ...GRAPHICS[graphics],
      ...["--disable-quic", "--no-first-run", "--disable-background-networking", "--hide-scrollbars"],
    ],
  });
