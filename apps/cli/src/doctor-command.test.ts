import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import type { Diagnosis } from "./doctor-command.js";
import { spawnSimclr } from "./testing.js";

describe("simclr doctor", () => {
  it("tries every backend by itself, and says which one a run would take and what would help", async () => {
    const { status, stdout } = await spawnSimclr(["doctor", "--json"], { cwd: tmpdir() });
    const { system, backends, auto, launchers }: Diagnosis = JSON.parse(stdout);
    expect(system["Node.js"]).toBe(process.versions.node);
    expect(backends.map(({ name }) => name)).toEqual(["tensorflow", "webgpu", "onednn", "cpu"]);
    const found = Object.fromEntries(backends.map((backend) => [backend.name, backend]));
    expect(found.onednn).toMatchObject({ isUsable: true });
    expect(found.onednn!.details).toMatch(/^oneDNN .*; its arithmetic is right$/);
    expect(found.onednn!.facts).toMatchObject({
      device: expect.stringMatching(/, \d+ cores$/),
      versions: expect.stringMatching(/^@tensorflow\/tfjs-core 4\.22\.0, oneDNN \d/),
      "tensor memory": expect.stringMatching(/^\d+ MB in tensors, \d+ MB taken$/),
    });
    expect(found.cpu!.isUsable).toBe(true);
    expect(found.tensorflow).toMatchObject({ isUsable: false });
    expect(found.tensorflow!.details).toContain("npm install @tensorflow/tfjs-node-gpu@4.22.0");
    expect(backends.filter(({ isUsable }) => isUsable)).toContainEqual(auto);
    expect(Object.keys(launchers)).toEqual(["Open MPI", "MPICH"]);
    expect(status).toBe(0);
  }, 120_000);
});
