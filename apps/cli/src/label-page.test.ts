// The labelling page in the real browser, by keyboard alone, beside the real command, which is killed and started again.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHROMIUM, openBrowser, watchedPage } from "@simclr/test-utils/browser";
import { afterEach, beforeEach, expect, it } from "vitest";
import { layOutHues } from "./testing-hues.js";

const BIN = fileURLToPath(new URL("../dist/bin.js", import.meta.url));

let folder = "";
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-label-page-"));
  await layOutHues(folder);
}, 60_000);
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

interface Served {
  readonly url: string;
  readonly child: ChildProcess;
  /** Status, and the standard error. */
  readonly ended: Promise<readonly [number | null, string]>;
}

/** Starts the page for four images, and gives the address that it prints. */
function labelPage(): Promise<Served> {
  const args = [BIN, "label", "encoder.safetensors", "photos", "-n", "4", "--page"];
  const env = { ...process.env, NO_COLOR: "1", SIMCLR_NUM_THREADS: "1" };
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<readonly [number | null, string]>((resolve) =>
    child.on("close", (status) => resolve([status, stderr])),
  );
  return new Promise((resolve, reject) => {
    child.stdout.once("data", (text) => resolve({ url: String(text).trim(), child, ended }));
    void ended.then(([, said]) => reject(new Error(said)));
  });
}

const rows = async (): Promise<string[][]> => {
  const [header, ...lines] = (await readFile(join(folder, "photos/labels.csv"), "utf8")).trimEnd().split("\n");
  expect(header).toBe("file,label");
  return lines.map((line) => line.split(","));
};

it.skipIf(CHROMIUM === undefined)(
  "is used by keyboard alone, has every answer on the disk at once, and goes on after the command was killed",
  async () => {
    const first = await labelPage();
    const browser = await openBrowser();
    try {
      const { page, complaints, requests } = await watchedPage(browser);
      page.setDefaultTimeout(100_000);
      const says = (text: string) => page.getByRole("status").getByText(text).waitFor();
      await page.goto(first.url);
      await says("Image 1 of 4: ");
      const widthOf = () => page.locator("#picture img").evaluate((image) => (image as HTMLImageElement).naturalWidth);
      await expect.poll(widthOf, { timeout: 60_000 }).toBe(16);
      await page.keyboard.type("warm"); // no class is known yet, so the page waits for the name of one
      await page.keyboard.press("Enter");
      await says("Image 2 of 4: ");
      expect((await rows()).map(([, label]) => label)).toEqual(["warm"]);
      await page.keyboard.press("n");
      await page.keyboard.type("cold, or so");
      await page.keyboard.press("Enter");
      await says("Image 3 of 4: ");
      await page.keyboard.press("u");
      await says("Image 2 of 4: ");
      expect((await rows()).map(([, label]) => label)).toEqual(["warm"]);
      await page.keyboard.press("n");
      await page.keyboard.type("cold");
      await page.keyboard.press("Enter");
      await says("Image 3 of 4: ");
      await page.keyboard.press("s");
      await says("Image 4 of 4: ");
      const buttons = page.getByRole("list", { name: "Classes" }).getByRole("button");
      expect(await buttons.allTextContents()).toEqual(["1warm", "2cold"]);
      expect(complaints).toEqual([]);
      expect(requests.every((address) => address.startsWith(first.url))).toBe(true);

      first.child.kill("SIGKILL");
      await first.ended;
      await page.keyboard.press("1");
      await page.getByRole("alert").getByText("Not connected").waitFor();
      const second = await labelPage();
      await page.goto(second.url);
      await says("Image 4 of 4: ");
      await page.keyboard.press("2");
      await says("Done: 3 of 4 labelled, 1 skipped.");
      await page.getByRole("button", { name: "Ask for the skipped again" }).focus();
      await page.keyboard.press("Enter");
      await says("Image 3 of 4: ");
      await page.keyboard.press("1");
      await says("Done: 4 of 4 labelled.");
      const labels = await rows();
      expect(labels.map(([, label]) => label)).toEqual(["warm", "cold", "cold", "warm"]);
      expect(new Set(labels.map(([file]) => file)).size).toBe(4);
      second.child.kill("SIGINT");
      const [status, stderr] = await second.ended;
      expect(status).toBe(0);
      expect(stderr).toContain("going on where it was left: 3 of 4 images are answered");
      expect(stderr).not.toContain("backend:"); // nothing is computed again
      expect(stderr).toContain("4 of 4 images labelled");
    } finally {
      await browser.close();
    }
  },
  240_000,
);
