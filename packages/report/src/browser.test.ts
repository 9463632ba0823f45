import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CHROMIUM, openBrowser, watchedPage } from "@simclr/test-utils/browser";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleReport } from "../fixtures/sample.js";
import { escapeHtml } from "./markup.js";
import { dark, light } from "./palette.js";
import { renderReport } from "./render-report.js";

const WIDTHS = [320, 390, 1100];
const HOSTILE = `<img src=x onerror="parent.attacked=true"><script>parent.attacked=true</script>`;

/** Runs in a page around the report, which may run nothing itself: measures the report at several widths. */
const MEASURE = `(() => {
  const within = (inner, outer) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1 &&
    inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
  const frames = [...document.querySelectorAll("iframe")].map(({ contentDocument: page, contentWindow: win }) => ({
    width: win.innerWidth,
    contentWidth: page.documentElement.scrollWidth,
    background: win.getComputedStyle(page.body).backgroundColor,
    figures: page.querySelectorAll("figure svg").length,
    images: [...page.images].map((image) => image.naturalWidth),
    requests: win.performance.getEntriesByType("resource").map(({ name }) => name.slice(0, 5)),
    clipped: [...page.querySelectorAll("svg text")].filter((text) => text.textContent.trim() &&
      !within(text.getBoundingClientRect(), text.closest("svg").getBoundingClientRect())).map((text) => text.textContent),
    smallestText: Math.min(...[...page.querySelectorAll("#curves svg text, #accuracy svg text")].map((text) =>
      parseFloat(win.getComputedStyle(text).fontSize) * text.getScreenCTM().a)),
  }));
  return { frames, attacked: window.attacked === true };
})()`;

interface Frame {
  readonly width: number;
  readonly contentWidth: number;
  readonly background: string;
  readonly figures: number;
  readonly images: number[];
  readonly requests: string[];
  readonly clipped: string[];
  readonly smallestText: number;
}

const rgb = (hex: string) => `rgb(${[1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)).join(", ")})`;

describe.skipIf(CHROMIUM === undefined)(`in a browser (needs Chromium in /usr/bin)`, () => {
  let folder: string;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "simclr-report-"));
    browser = await openBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  async function measure(
    report: string,
    colorScheme: "light" | "dark",
  ): Promise<{ frames: Frame[]; attacked: boolean }> {
    const frames = WIDTHS.map(
      (width) => `<iframe style="border:0;width:${width}px;height:900px" srcdoc="${escapeHtml(report)}"></iframe>`,
    );
    const file = join(folder, "measure.html");
    await writeFile(file, `<!doctype html><meta charset="utf-8"><body>${frames.join("")}`);
    const page = await browser.newPage({ viewport: { width: 1200, height: 1000 }, colorScheme });
    await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
    return page.evaluate(MEASURE);
  }

  it("fits a phone and a desk, requests nothing and clips no text", async () => {
    const { frames } = await measure(await renderReport(sampleReport()), "light");
    expect(frames.map(({ width }) => width)).toEqual(WIDTHS);
    for (const frame of frames) {
      expect(frame.contentWidth).toBeLessThanOrEqual(frame.width);
      expect(frame.figures).toBe(2 + 1 + 4 + 2 + 1);
      expect(frame.images).toEqual([6 * 96 + 5 * 4]);
      expect(frame.requests.filter((name) => name !== "data:")).toEqual([]);
      expect(frame.clipped).toEqual([]);
      expect(frame.smallestText).toBeGreaterThan(8.5); // CSS px, on the narrowest phone
      expect(frame.background).toBe(rgb(light.page));
    }
  }, 60_000);

  it("is dark where the reader prefers that, and never runs what is in its texts", async () => {
    const sample = sampleReport();
    const classNames = sample.confusion!.classNames.map(() => HOSTILE);
    const confusion = { ...sample.confusion!, classNames };
    const curves = sample.curves.map((curve, i) => ({
      ...{ ...curve, metric: `${HOSTILE} ${"long ".repeat(20)}`, reference: { value: 3, label: HOSTILE } },
      points: curve.points.map(({ step, value }) => ({ step: step * 1000, value: value * [1e9, -1e-7, 0, 1e20][i]! })),
    }));
    const page = await renderReport({
      ...sample,
      curves,
      title: HOSTILE,
      config: HOSTILE,
      confusion,
      skipped: [HOSTILE],
    });
    const { frames, attacked } = await measure(page, "dark");
    expect(attacked).toBe(false);
    expect(frames.flatMap(({ clipped }) => clipped)).toEqual([]);
    expect(frames.map(({ background }) => background)).toEqual(frames.map(() => rgb(dark.page)));
    expect(frames.every(({ width, contentWidth }) => contentWidth <= width)).toBe(true);
  }, 60_000);

  it("draws a page that is not blank", async () => {
    const file = join(folder, "report.html");
    await writeFile(file, await renderReport(sampleReport()));
    const page = await browser.newPage({ viewport: { width: 1100, height: 1600 } });
    await page.goto(pathToFileURL(file).href);
    const { channels } = await sharp(await page.screenshot()).stats();
    expect(channels[2]!.max).toBe(255);
    expect(channels[0]!.min).toBeLessThan(40); // ink on a white page
    expect(channels[0]!.stdev).toBeGreaterThan(10);
  }, 60_000);

  it("shows the image of a point on the map to who points, taps or uses the keyboard", async () => {
    const file = join(folder, "map.html");
    await writeFile(file, await renderReport(sampleReport()));
    const { page, complaints, requests } = await watchedPage(browser, { viewport: { width: 390, height: 800 } });
    await page.goto(pathToFileURL(file).href);
    const shown = () =>
      page
        .locator(".map span")
        .evaluateAll((all) => all.flatMap((one) => (getComputedStyle(one).opacity === "1" ? [one.textContent] : [])));
    expect(await shown()).toEqual([]);
    await page.locator(".map input").first().focus();
    await page.keyboard.press("Space");
    expect(await shown()).toEqual(["circle: test/circle-0.png"]);
    await page.keyboard.press("ArrowRight");
    expect(await shown()).toEqual(["square: test/square-1.png"]);
    await page.keyboard.press("Tab"); // one stop for the whole map
    expect(await page.evaluate(() => document.activeElement?.closest(".map") === null)).toBe(true);
    const dot = page.locator(".map label:not(.image)").last();
    const edge = async () => (await dot.locator("svg").boundingBox())?.width ?? 0;
    expect(await edge()).toBe(0);
    await dot.hover({ force: true });
    expect(await edge()).toBeGreaterThan(90);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([pathToFileURL(file).href]);
  }, 60_000);
});
