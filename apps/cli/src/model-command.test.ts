import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { spawnSimclr } from "./testing.js";

const model = (...args: string[]) => spawnSimclr(["model", ...args], { cwd: tmpdir() });

describe("simclr model", () => {
  it("tells parameters, feature dimension, arithmetic and memory, as tables and as JSON", {
    timeout: 30_000,
  }, async () => {
    const [tables, json] = await Promise.all([model("r50_1x_sk1"), model("r50_1x_sk1", "--json", "--batch", "8")]);
    for (const text of ["r50_1x_sk1 at 224 px", "35,215,584", "8,659,072", "2,049,000", "87, 71", "56 x 56 x 256"])
      expect(tables.stdout).toContain(text);
    expect(tables.stdout).toMatch(/feature dimension.* 2,048 /);
    expect(tables.status).toBe(0);
    const summary = JSON.parse(json.stdout);
    expect(summary.trainableParameters.encoder).toBe(35_215_584);
    expect(summary.batchSize).toBe(8);
    expect(summary.memory.block.total).toBeGreaterThan(4e8);
  });

  it("refuses an unknown name with the nearest one, and images that are too small", { timeout: 30_000 }, async () => {
    const [unknown, small] = await Promise.all([model("resnet-50-2x"), model("r50", "--image-size", "4")]);
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toContain('Did you mean "r50_2x"?');
    expect(small.status).toBe(2);
    expect(small.stderr).toContain("`imageSize` must be an integer >= 8; received 4.");
  });
});
