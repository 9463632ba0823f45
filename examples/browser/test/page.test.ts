import { readdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { CHROMIUM, openBrowser, type WatchedPage, watchedPage } from "@simclr/test-utils/browser";
import sharp from "sharp";
import { type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const STUDENT = `${ROOT}public/student/`;
const [BATCH, STEPS] = [64, 18];
/** Small and short, for a processor that stands for the GPU; everything else is as the page has it. */
const QUICK = `backend=webgl&side=16&width=8&layers=2&batch=${BATCH}&steps=${STEPS}&images=320&map=${STEPS}&student=0`;

/** Six copies of one shape, as a reader would draw them; no code of the data set's. */
const drawing = (shape: string): Promise<Buffer> => {
  const places = [
    [60, 55],
    [155, 50],
    [245, 70],
    [75, 160],
    [170, 165],
    [255, 250],
    [90, 255],
  ];
  const copies = places.map(
    ([x, y], i) => `<g transform="translate(${x} ${y}) rotate(${10 * (i % 3) - 10})">${shape}</g>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320"><rect width="320" height="320" fill="#808080"/><g fill="#f4f4f0">${copies.join("")}</g></svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
};
const DRAWINGS = {
  cross: '<path d="M-15-45H15V-15H45V15H15V45H-15V15H-45V-15H-15Z"/>',
  triangle: '<path d="M0-50L44 26H-44Z"/>',
};

describe.skipIf(CHROMIUM === undefined)("the page (needs Chromium in /usr/bin)", () => {
  let server: PreviewServer;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let watched: WatchedPage;
  let address: string;
  beforeAll(async () => {
    server = await preview({ root: ROOT, logLevel: "error", preview: { host: "127.0.0.1", port: 0 } });
    address = `http://127.0.0.1:${(server.httpServer.address() as AddressInfo).port}/`;
    browser = await openBrowser("webgl");
    watched = await watchedPage(browser);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const textOf = (selector: string) => watched.page.locator(selector).textContent();
  const percents = async (selector: string) =>
    (await watched.page.locator(selector).allInnerTexts()).map((text) => Number.parseFloat(text));

  it("trains on webgl: the loss falls, and the features are worth more than random ones", async () => {
    const { page } = watched;
    await page.goto(`${address}?${QUICK}`);
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.getByText(/^done after/).waitFor({ timeout: 590_000 });
    expect(await textOf("#backend")).toMatch(/^webgl on .*SwiftShader.*\(chosen by you\)$/);
    const curve = async (id: string) => {
      const points = (await page.locator(`#${id} polyline`).getAttribute("points"))!.split(" ");
      return points.map((point) => -Number(point.split(",")[1])); // pixels, upwards
    };
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const loss = await curve("loss");
    expect(loss).toHaveLength(STEPS);
    expect(mean(loss.slice(-5))).toBeLessThan(mean(loss.slice(0, 5)));
    // The line of chance lies at 1 / BATCH on the scale that begins at 0.
    const contrast = mean((await curve("contrast")).slice(-5));
    const [chance] = await page
      .locator("#contrast .reference")
      .evaluateAll((lines) => lines.map((line) => -Number(line.getAttribute("y1"))));
    const [zero] = await page
      .locator("#contrast .grid")
      .evaluateAll((lines) => lines.map((line) => -Number(line.getAttribute("y1"))));
    expect((contrast - zero!) / (chance! - zero!)).toBeGreaterThan(5);
    const [randomKnn, randomLinear] = await percents("#probe-random td");
    const [trainedKnn, trainedLinear] = await percents("#probe-trained td");
    expect(trainedKnn).toBeGreaterThan(randomKnn!);
    expect(trainedLinear).toBeGreaterThan(randomLinear!);
    expect(await page.locator("#map").getAttribute("aria-label")).toBe(
      `Map of features after ${STEPS} steps: 200 pictures of 10 classes`,
    );
  }, 600_000);

  it("classifies pictures of the reader's with the student that simclr exported", async () => {
    const { page } = watched;
    await page.locator("#model-files").setInputFiles(readdirSync(STUDENT).map((name) => STUDENT + name));
    await page.getByText(/^Ready: model.json/).waitFor({ timeout: 60_000 });
    for (const [name, shape] of Object.entries(DRAWINGS)) {
      const file = { name: `${name} of mine.png`, mimeType: "image/png", buffer: await drawing(shape) };
      await page.locator("#picture").setInputFiles(file);
      await page.getByRole("img", { name: file.name }).waitFor({ timeout: 60_000 });
      expect(await textOf("#classes li:first-child span:first-child")).toBe(name);
    }
  }, 120_000);

  it("says what is wrong with files that are no picture and no model", async () => {
    const { page } = watched;
    const text = { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("hello") };
    await page.locator("#picture").setInputFiles(text);
    await page.getByText("notes.png cannot be read as a picture. Choose a PNG").waitFor();
    await page.locator("#model-files").setInputFiles(`${STUDENT}model.json`);
    await page.getByText("model.json cannot be used: group1-shard1of1.bin is missing.").waitFor();
  });

  it("has asked nobody else for anything, and has complained of nothing", () => {
    expect(watched.requests.filter((url) => !url.startsWith(address))).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });
});
