import { describe, expect, it, vi } from "vitest";
import { type Family, installedFamilies, launch } from "../test/launch.js";

vi.setConfig({ testTimeout: 120_000 });

/** Largest difference from one process's loss and gradients, relative to the largest of them. */
async function run(family: Family, ranks: number, mistake: string) {
  const { output, code } = await launch(family, ranks, "gradients.mjs", { args: [mistake] });
  expect(code, output).toBe(0);
  return JSON.parse(output.trim().split("\n").at(-1)!) as { error: number; leaked: number; size: number };
}

describe.each(installedFamilies())("%s", (family) => {
  it.each([2, 3])("%d ranks have the loss and gradients of one", async (ranks) => {
    const { error, leaked, size } = await run(family, ranks, "none");
    expect(size).toBe(ranks);
    expect(error).toBeLessThan(1e-6);
    expect(leaked).toBe(0);
  });
});

const [first] = installedFamilies();

it
  .runIf(first !== undefined)
  .each(["local negatives", "slice for reduceScatter", "local batch norm", "dgamma reduced twice", "sum for mean"])(
  "a planted mistake shows: %s",
  async (mistake) => {
    expect((await run(first!, 2, mistake)).error).toBeGreaterThan(1e-2);
  },
);
