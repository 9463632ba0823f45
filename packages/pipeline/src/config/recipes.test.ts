// What is shipped must be valid: the recipes, and the sweeps of the study.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadSweep } from "../sweep/load-sweep.js";
import { parseConfig } from "./load.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const filesIn = (folder: string): string[] => readdirSync(join(root, folder)).map((name) => join(root, folder, name));

it.each(filesIn("configs"))("%s is a valid configuration of that name", (file) => {
  expect(parseConfig(readFileSync(file, "utf8"), file).name).toBe(basename(file, ".yaml"));
});

it.each(filesIn("docs/study/sweeps"))("%s is a valid sweep of that name", async (file) => {
  const { name, points } = await loadSweep(file, { data: root });
  expect(name).toBe(basename(file, ".yaml"));
  expect(points.length).toBeGreaterThan(0);
});
