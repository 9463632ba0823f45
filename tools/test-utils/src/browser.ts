import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** The system's Chromium; tests that need one are skipped where there is none. */
export const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find((path) => existsSync(path));

/** Chromium's switches by what a page may compute with; SwiftShader does WebGL on the processor. */
const GRAPHICS = {
  none: ["--disable-gpu"],
  webgl: ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
} as const;

/** Starts Chromium without a window. The caller closes it. */
export const openBrowser = (graphics: keyof typeof GRAPHICS = "none"): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM!,
    args: [
      ...GRAPHICS[graphics],
      ...["--disable-quic", "--no-first-run", "--disable-background-networking", "--hide-scrollbars"],
    ],
  });

/** A page, and what it did that a page of ours must not do. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of scripts and messages of the console that are errors or warnings. */
  readonly complaints: string[];
  /** Addresses of all requests, but for `data:` and `blob:`. */
  readonly requests: string[];
}

/** Opens a page in a profile of its own. */
export async function watchedPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url())) requests.push(request.url());
  });
  return { page, complaints, requests };
}
