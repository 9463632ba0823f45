import type { Browser, BrowserContextOptions, Page } from "playwright-core";

export { CHROMIUM, openBrowser } from "./chromium.mjs";

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
