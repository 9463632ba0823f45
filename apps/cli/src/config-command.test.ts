import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, spawnSimclr } from "./testing.js";

const GOOD = `name: tiny
data: { train: shapes, test: shapes, imageSize: 32 }
pretrain: { batchSize: 40, epochs: 4, optimizer: { learningRate: 0.1 } }
labels: [{ perClass: 4 }]
finetune: { batchSize: 20, steps: 6, optimizer: { learningRate: 0.05 } }
`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-cli-"));
  await writeFile(join(folder, "good.yaml"), GOOD);
  await writeFile(join(folder, "bad.yaml"), GOOD.replace("epochs", "epoch"));
});
afterAll(() => rm(folder, { recursive: true }));

const config = (...args: string[]): Promise<Ended> => spawnSimclr(["config", ...args], { cwd: folder });

describe("simclr config", () => {
  it("validates a file, and gives it whole with every default", async () => {
    expect(await config("validate", "good.yaml")).toEqual({ status: 0, stdout: "good.yaml: valid\n", stderr: "" });
    const whole = await config("validate", "good.yaml", "--json", "--set", "seed=7");
    expect(JSON.parse(whole.stdout)).toMatchObject({ name: "tiny", seed: 7, model: { depth: 18, width: 1 } });
  });

  it("says where a file is wrong, and ends with 2", async () => {
    const { status, stdout, stderr } = await config("validate", "bad.yaml");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain('bad.yaml:3:28: unknown key "pretrain.epoch". Did you mean "epochs"?');
  });

  it("explains keys, and suggests the nearest", async () => {
    const { stdout } = await config("explain", "labels");
    expect(stdout).toContain(
      "labels[].fraction: number > 0 and <= 1: share of each class's images that keep their label\n",
    );
    const keys = await config("explain", "labels", "--json");
    expect(JSON.parse(keys.stdout)).toContainEqual(
      expect.objectContaining({ key: "labels[].fraction", type: "number > 0 and <= 1", required: false }),
    );
    const wrong = await config("explain", "model.dept");
    expect(wrong.stderr).toContain('error: the configuration has no key "model.dept". Did you mean "model.depth"?');
    expect(wrong.status).toBe(2);
  });

  it("prints JSON Schema", async () => {
    const { stdout } = await config("schema");
    expect(JSON.parse(stdout).properties.pretrain.required).toContain("batchSize");
  });
});
