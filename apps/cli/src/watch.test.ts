// The live page of a run, in the real browser, beside the real command; the run's folder is written as a run writes it.
import { type ChildProcess, spawn } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHROMIUM, openBrowser, watchedPage } from "@simclr/test-utils/browser";
import { afterEach, beforeEach, expect, it } from "vitest";
import { spawnSimclr } from "./testing.js";

const BIN = fileURLToPath(new URL("../dist/bin.js", import.meta.url));

let folder = "";
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-watch-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

/** Starts `simclr watch`, and gives the address that it prints. */
function watch(...args: string[]): Promise<{ url: string; child: ChildProcess; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [BIN, "watch", ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  const ended = new Promise<number | null>((resolve) => child.on("close", (status) => resolve(status)));
  return new Promise((resolve) =>
    child.stdout!.once("data", (text) => resolve({ url: String(text).trim(), child, ended })),
  );
}

const step = (at: number): string =>
  `${JSON.stringify({ step: at, epoch: 0, loss: 6 - at / 10, metrics: {}, stepMs: 1, dataWaitMs: 0 })}\n`;

async function beginRun(): Promise<void> {
  await mkdir(join(folder, "run/pretrain"), { recursive: true });
  const report = { title: "a run", createdAt: "2025-03-01T14:05:33Z", accuracy: [], facts: [] };
  const stages = [{ title: "pretraining", folder: "pretrain", totalSteps: 100 }];
  const record = { formatVersion: 1, isFinished: false, stages, pretrainingLoss: { metric: "NT-Xent loss" }, report };
  await writeFile(join(folder, "run/config.yaml"), "name: a run\n");
  await writeFile(join(folder, "run/pretrain/metrics.jsonl"), step(0) + step(1));
  await writeFile(join(folder, "run/report.json"), JSON.stringify(record));
}

it.skipIf(CHROMIUM === undefined)(
  "follows a run that begins and trains, asks nothing of other machines, and says when it is not served any more",
  async () => {
    const { url, child, ended } = await watch("run");
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
    const browser = await openBrowser();
    try {
      const { page, complaints, requests } = await watchedPage(browser);
      page.setDefaultTimeout(100_000); // the page renders seldom where the machine is slow
      await page.goto(url);
      await page.getByText("This run has not begun.").waitFor();
      await beginRun();
      await page.getByText("in pretraining, at step 2 of 100").waitFor();
      await page.locator("#curves").getByText("NT-Xent loss").first().waitFor();
      await page.locator("#run summary").click(); // the configuration, which stays open
      await appendFile(join(folder, "run/pretrain/metrics.jsonl"), step(2) + step(3));
      await page.getByText("in pretraining, at step 4 of 100").waitFor();
      await page.locator("#curves figcaption").getByText("last 5.7").waitFor();
      expect(await page.locator("#run pre").isVisible()).toBe(true);
      expect(complaints).toEqual([]);
      expect(requests.every((address) => address.startsWith(url))).toBe(true);
      child.kill("SIGINT");
      await page.getByText("Not connected").waitFor();
      expect(await ended).toBe(0);
    } finally {
      await browser.close();
    }
  },
  240_000,
);

it("names the port that is in use", async () => {
  await beginRun();
  const { url } = await watch("run");
  const { port } = new URL(url);
  const second = await spawnSimclr(["watch", "run", "--port", port], { cwd: folder });
  expect(second.stderr).toBe(
    `error: Port ${port} of 127.0.0.1 is in use. Choose another with --port, or leave it out, and a free one is taken.\n`,
  );
  expect([second.status, second.stdout]).toEqual([2, ""]);
  expect(await readFile(join(folder, "run/config.yaml"), "utf8")).toBe("name: a run\n");
}, 60_000);
