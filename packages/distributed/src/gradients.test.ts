import { expect, it, vi } from "vitest";
import { installedFamilies, launch } from "../test/launch.js";

vi.setConfig({ testTimeout: 120_000 });

/** Largest difference from one process's loss and gradients, relative to the largest of them. */
async function run(ranks: number, mistake: string): Promise<{ error: number; leaked: number; size: number }> {
  const { output, code } = await launch("Open MPI", ranks, "gradients.mjs", { args: [mistake] });
  expect(code, output).toBe(0);
  return JSON.parse(output.trim().split("\n").at(-1)!);
}

const hasOpenMpi = installedFamilies().includes("Open MPI");

it.runIf(hasOpenMpi).each([2, 3])("%d ranks have the loss and gradients of one", async (ranks) => {
  const { error, leaked, size } = await run(ranks, "none");
  expect(size).toBe(ranks);
  expect(error).toBeLessThan(1e-6);
  expect(leaked).toBe(0);
});

it.runIf(hasOpenMpi).each(["local negatives", "slice for reduceScatter", "local batch norm", "sum for mean"])(
  "a planted mistake shows: %s",
  async (mistake) => {
    expect((await run(2, mistake)).error).toBeGreaterThan(1e-2);
  },
);
