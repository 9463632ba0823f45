import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sampleReport } from "../fixtures/sample.js";
import { renderReport } from "./render-report.js";
import { writeReport } from "./write-report.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-report-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("writeReport", () => {
  it("writes the page, makes its folder and leaves nothing else behind", async () => {
    const file = join(folder, "runs", "1", "report.html");
    await writeReport(file, sampleReport());
    expect(await readFile(file, "utf8")).toBe(await renderReport(sampleReport()));
    expect(await readdir(join(folder, "runs", "1"))).toEqual(["report.html"]);
  });

  it("replaces an older report, but not with one that cannot be drawn", async () => {
    const file = join(folder, "report.html");
    await writeReport(file, { ...sampleReport(), title: "older" });
    const [row] = sampleReport().accuracy;
    const broken = { ...sampleReport(), accuracy: [{ ...row!, top1: 7 }] };
    await expect(writeReport(file, broken)).rejects.toThrow("`accuracy[0].top1`");
    expect(await readFile(file, "utf8")).toContain("<title>older</title>");
    await writeReport(file, { ...sampleReport(), title: "newer" });
    expect(await readFile(file, "utf8")).toContain("<title>newer</title>");
    expect(await readdir(folder)).toEqual(["report.html"]);
  });

  it("says which file cannot be written, and cleans up", async () => {
    const file = join(folder, "taken");
    await mkdir(file);
    await expect(writeReport(file, sampleReport())).rejects.toThrow(
      /^writeReport: `file` must name a file that can be written; received ".*taken": E.* Choose a folder you may write to\.$/,
    );
    expect(await readdir(folder)).toEqual(["taken"]);
  });
});
